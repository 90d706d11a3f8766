"""What is kept of each site: the owner's decisions, read with every fault at once."""

import json
from zoneinfo import ZoneInfo

import pytest
from analytics import sites
from analytics.sites import FIELDS, Site
from hypothesis import given
from hypothesis import strategies as st

ALL = {
    "time_zone": "Europe/Berlin",
    "allowed_origins": ["https://Blog.test:443", "http://localhost:4000"],
    "collect": ["country", "referrer"],
    "honour_do_not_track": False,
    "keep_days": 30,
    "sums_days": 30,
    "ignored_paths": ["/drafts/*"],
    "kept_parameters": ["id"],
}


def faults(settings: object) -> list[str]:
    found, wrong = sites.read(json.dumps({"blog.test": settings}))
    assert bool(found) != bool(wrong), "a site with a fault is none"
    return wrong


def test_a_list_of_domains_is_enough() -> None:
    found, wrong = sites.read(" Blog.test, shop.test,blog.test ,")
    assert wrong == []
    assert [site.domain for site in found] == ["blog.test", "shop.test"]
    for site in found:
        assert site.allowed_origins == {f"https://{site.domain}"}
        assert all(map(site.collects, FIELDS))
        assert site.honour_do_not_track
        assert (site.time_zone.key, site.keep_days, site.sums_days) == ("UTC", 400, None)


def test_every_setting_of_a_site_can_be_made() -> None:
    found, wrong = sites.read(json.dumps({"Blog.test": ALL, "shop.test": {}}))
    assert wrong == []
    blog, shop = found
    assert blog == Site(
        "blog.test",
        ZoneInfo("Europe/Berlin"),
        frozenset({"https://blog.test", "http://localhost:4000"}),
        frozenset({"country", "referrer"}),
        honour_do_not_track=False,
        keep_days=30,
        sums_days=30,
        ignored_paths=("/drafts/*",),
        kept_parameters=("id",),
    )
    assert not blog.collects("visitor")
    assert shop.collects("visitor")


def test_a_site_may_collect_nothing_but_its_pages() -> None:
    (site,), wrong = sites.read('{"blog.test": {"collect": []}}')
    assert wrong == []
    assert not any(map(site.collects, FIELDS))


def test_without_a_mark_nobody_s_reading_is_collected() -> None:
    assert Site("blog.test", collect=frozenset({"engagement", "visitor"})).collects("engagement")
    assert not Site("blog.test", collect=frozenset({"engagement"})).collects("engagement")


@pytest.mark.parametrize("text", ["", " , ", "{}", " {} "])
def test_without_a_site_there_is_nothing_to_do(text: str) -> None:
    found, (fault,) = sites.read(text)
    assert found == ()
    assert fault.startswith("is missing; list the sites' domains")


@pytest.mark.parametrize("text", ['{"blog.test"', '{"blog.test": {}} x', "{'blog.test': {}}"])
def test_json_that_is_cut_off_is_a_fault(text: str) -> None:
    found, (fault,) = sites.read(text)
    assert found == ()
    assert fault.startswith("is not JSON: ")


@pytest.mark.parametrize(
    "domain",
    ["https://blog.test", "blog.test/x", "blog.test:443", "-a.test", "a-.test", "a..test", "*.test",
     "blöd.test", "a_b.test", "x" * 64, "a." * 127 + "aa"],
)  # fmt: skip
def test_what_is_no_domain_is_a_fault(domain: str) -> None:
    found, (fault,) = sites.read(domain)
    assert found == ()
    assert "is not a domain; write it without scheme" in fault


@pytest.mark.parametrize("text", ["blog.test,www.blog.test", '{"blog.test":{},"Blog.test":{}}'])
def test_one_site_in_two_spellings_is_a_fault(text: str) -> None:
    _, (fault,) = sites.read(text)
    assert "is the same site as 'blog.test'" in fault


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("time_zone", "Europe/Nowhere", "is no time zone"),
        ("time_zone", "../../etc/passwd", "is no time zone"),
        ("time_zone", "", "is no time zone"),
        ("time_zone", None, "is no time zone"),
        ("allowed_origins", ["*"], "wildcard"),
        ("allowed_origins", ["https://*.blog.test"], "wildcard"),
        ("allowed_origins", ["blog.test"], "must begin with https://"),
        ("allowed_origins", ["null"], "must begin with https://"),
        ("allowed_origins", ["https://blog.test/"], "write it as https://blog.test"),
        ("allowed_origins", ["https://u@blog.test"], "user name"),
        ("allowed_origins", ["https://blog.test:x"], "is not an origin"),
        ("allowed_origins", "https://blog.test", "must be a list of texts"),
        ("collect", ["country", "address"], "has address; there are referrer, campaign"),
        ("collect", "country", "must be a list of texts"),
        ("count_from", "cookies", 'it must be "script" or "log"'),
        ("privacy_contact", "a@blog.test\nb", "must be one line of at most"),
        ("privacy_contact", 1, "must be one line of at most"),
        ("honour_do_not_track", "yes", "must be true or false"),
        ("honour_do_not_track", 1, "must be true or false"),
        ("keep_days", 0, "from 1 to 36500"),
        ("keep_days", 36501, "from 1 to 36500"),
        ("keep_days", 1.5, "from 1 to 36500"),
        ("keep_days", True, "from 1 to 36500"),
        ("sums_days", 0, "from 1 to 36500"),
        ("sums_days", "never", "from 1 to 36500"),
        ("sums_days", 399, "is 399, less than the 400 of keep_days, which they are made of"),
        ("ignored_paths", [""], "must be a list of texts"),
        ("ignored_paths", [1], "must be a list of texts"),
        ("kept_parameters", {"id": 1}, "must be a list of texts"),
        ("domain", "x.test", "is no setting; there are allowed_origins, collect"),
        ("cookies", True, "is no setting; there are allowed_origins, collect"),
    ],
)
def test_a_fault_names_the_site_and_the_setting(name: str, value: object, part: str) -> None:
    (fault,) = faults({name: value})
    assert fault.startswith(f"'blog.test' {name} ")
    assert part in fault
    assert fault.endswith(".")
    assert "\n" not in fault


def test_all_faults_of_all_sites_are_told_together() -> None:
    given_sites = {
        "blog.test": {"keep_days": 0, "time_zone": "x", "collect": ["x"]},
        "no domain": {},
        "shop.test": [],
        "good.test": {},
    }
    found, wrong = sites.read(json.dumps(given_sites))
    assert [site.domain for site in found] == ["good.test"]
    assert len(wrong) == 5


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
JSON = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=3), SCALARS)


@given(st.dictionaries(st.sampled_from(sorted(ALL)), JSON))
def test_any_value_is_a_setting_or_a_fault(settings: dict[str, object]) -> None:
    wrong = faults(settings)
    assert len(wrong) <= len(settings)
