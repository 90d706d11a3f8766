"""What the owner decides of their analytics, and that the service is told exactly this."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from analytics import sites
from analytics.config import Settings

from settings.analytics import COLLECTED
from settings.errors import SettingsError
from settings.load import settings_of
from settings.render import render
from tests.unit.settings_lab import right


def _environment(folder: Path, **given: Any) -> dict[str, str]:
    """What the rendered compose file hands to the service, as Compose reads it."""
    settings = settings_of(right(folder) | given)
    text = render("docker-compose.yml.j2", settings, webapp_image="freehold/webapp:1", db_start="1")
    told: dict[str, str] = yaml.safe_load(text)["services"]["webapp"]["environment"]
    return {name: value.replace("$$", "$") for name, value in told.items()}


def _told(folder: Path, **given: Any) -> str:
    return _environment(folder, **given)["ANALYTICS_SITES"]


def test_the_service_is_told_what_was_decided(tmp_path: Path) -> None:
    given = {
        "server_senders": True,
        "time_zone": "Europe/Berlin",
        "collect": ["country", "visitor"],
        "honour_do_not_track": False,
        "keep_days": 30,
        "sums_days": 800,
        "ignored_paths": ["/drafts/*", '/it\'s "${ODD}" <b>'],
        "kept_parameters": ["id"],
        "count_from": "log",
    }
    told = _told(tmp_path, **given)
    (site,), faults = sites.read(told)
    assert faults == []
    assert site.server_senders
    assert str(site.time_zone) == "Europe/Berlin"
    assert site.collect == {"country", "visitor"}
    assert not site.honour_do_not_track
    assert (site.keep_days, site.sums_days) == (30, 800)
    assert list(site.ignored_paths) == given["ignored_paths"]
    assert site.kept_parameters == ("id",)
    assert site.count_from == "log"
    (domain,) = json.loads(told)
    assert site.domain == domain
    assert f"https://{domain}" in site.allowed_origins


def test_all_that_the_service_can_collect_is_collected_unasked(tmp_path: Path) -> None:
    (site,), _ = sites.read(_told(tmp_path))
    assert site.collect == set(COLLECTED) == set(sites.FIELDS)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"time_zone": "Berlin"}, "Europe/Berlin"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"collect": ["country", "address"]}, "no address"),
        ({"keep_days": 0}, "at least 1"),
        ({"sums_days": 399}, "single visits and events are kept, 400 days"),
        ({"keep_days": 30, "sums_days": 29}, "single visits and events are kept, 30 days"),
        ({"count_from": "logs"}, '"script" or "log"'),
        ({"ignored_paths": "/a"}, "list"),
        ({"ignored_paths": ["/a", "drafts/*"]}, "begins with /: .drafts"),
        ({"ignored_paths": [""]}, "begins with /"),
        ({"kept_parameters": ["id", "?id"]}, "bare name.*: .[?]id"),
        ({"kept_parameters": [""]}, "bare name"),
        ({"further_sites": {"shop.test": {"kept_parameters": ["a=b"]}}}, "bare name"),
        ({"tracker_path": "/script"}, 'ends in ".js"'),
        ({"tracker_path": ""}, 'ends in ".js"'),
        ({"tracker_path": "/a;}/x.js"}, 'ends in ".js"'),
        ({"tracker_path": "/api/x.js"}, "something else"),
        ({"tracker_path": f"/{'a' * 197}.js"}, "at most 200 characters"),
        ({"privacy_path": f"/{'a' * 200}"}, "at most 200 characters"),
        ({"privacy_path": "/js/script.js"}, "no slash"),
        ({"privacy_path": "/stats/privacy"}, "something else"),
        ({"privacy_contact": "a@blog.test\nb"}, "one line"),
    ],
)
def test_what_makes_no_sense_is_told(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings_of(right(tmp_path) | given)


@pytest.mark.parametrize(("count_from", "length"), [("script", None), ("log", 512)])
def test_what_nginx_tells_may_wait_in_the_kernel(
    tmp_path: Path, count_from: str, length: int | None
) -> None:
    settings = settings_of(right(tmp_path) | {"count_from": count_from})
    text = render("docker-compose.yml.j2", settings, webapp_image="freehold/webapp:1", db_start="1")
    webapp = yaml.safe_load(text)["services"]["webapp"]
    assert webapp.get("sysctls", {}).get("net.unix.max_dgram_qlen") == length


def test_the_service_takes_the_paths_that_are_right_here(tmp_path: Path) -> None:
    given = {"tracker_path": f"/seeds/{'a' * 190}.js", "privacy_path": "/about/data.html"}
    environment = _environment(tmp_path, **given) | {"ANALYTICS_DATABASE_URL": "postgresql://u@h/n"}
    del environment["ANALYTICS_DATABASE_PASSWORD_FILE"]
    settings = Settings.from_environment(environment)
    assert settings.tracker_path == given["tracker_path"]
    assert settings.privacy_path == given["privacy_path"]


@pytest.mark.parametrize(
    ("given", "days"),
    [
        ({}, None),
        ({"backup_keep": {"daily": 30}}, None),
        ({"backup_repository": "/mnt/backup"}, 373),
        ({"backup_repository": "/mnt/backup", "backup_keep": {"hourly": 30, "monthly": 0}}, 3),
        ({"backup_repository": "/mnt/backup", "backup_keep": {"yearly": 2, "daily": 9}}, 733),
    ],
)
def test_the_service_knows_for_how_long_its_data_are_in_backups(
    tmp_path: Path, given: dict[str, Any], days: int | None
) -> None:
    environment = _environment(tmp_path, **given) | {"ANALYTICS_DATABASE_URL": "postgresql://u@h/n"}
    del environment["ANALYTICS_DATABASE_PASSWORD_FILE"]
    assert Settings.from_environment(environment).backup_days == days


# ---- Sites that are elsewhere ----


def test_a_further_site_has_the_settings_of_the_first_but_for_its_own(tmp_path: Path) -> None:
    told = _told(
        tmp_path,
        time_zone="Europe/Berlin",
        collect=["country", "visitor"],
        keep_days=30,
        count_from="log",
        allowed_origins=["https://blog.test"],
        further_sites={
            "shop.test": {
                "collect": ["referrer"],
                "keep_days": 5,
                "sums_days": 5,
                "public_statistics": True,
            },
            "www.wiki.test": {"allowed_origins": ["https://en.wiki.test"], "time_zone": "UTC"},
        },
    )
    (blog, shop, wiki), faults = sites.read(told)
    assert faults == []
    assert [one.domain for one in (blog, shop, wiki)] == ["blog.test", "shop.test", "www.wiki.test"]
    assert (blog.count_from, shop.count_from, wiki.count_from) == ("log", "script", "script")
    assert shop.allowed_origins == {"https://shop.test", "https://www.shop.test"}
    assert wiki.allowed_origins == {"https://en.wiki.test"}
    assert shop.collect == {"referrer"}
    assert wiki.collect == {"country", "visitor"}
    assert (shop.keep_days, wiki.keep_days) == (5, 30)
    assert (blog.sums_days, shop.sums_days, wiki.sums_days) == (None, 5, None)
    assert (blog.public, shop.public, wiki.public) == (False, True, False)
    assert (str(shop.time_zone), str(wiki.time_zone)) == ("Europe/Berlin", "UTC")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "in braces"),
        ({"shop": {}}, "shop: It must have a dot"),
        ({"https://shop.test": {}}, "https://shop.test: "),
        ({"blog.test": {}}, "a name of the first site"),
        ({"www.blog.test": {}}, "a name of the first site"),
        ({"shop.test": {}, "www.shop.test": {}}, "the same site as 'shop.test'"),
        ({"shop.test": []}, "shop.test: It must be settings by name"),
        ({"shop.test": {"colect": []}}, "shop.test, colect: A further site has no such setting"),
        ({"shop.test": {"collect": ["address"]}}, "shop.test, collect: There is no address"),
        ({"shop.test": {"ignored_paths": ["/a", 5]}}, "shop.test, ignored_paths, entry 2: It must"),
        ({"shop.test": {"time_zone": "Berlin"}}, "shop.test, time_zone: There is no time zone"),
        ({"shop.test": {"allowed_origins": ["*"]}}, "wildcard"),
        ({"shop.test": {"count_from": "log"}}, 'only be "script"'),
        ({"shop.test": {"keep_days": 0}}, "shop.test, keep_days: It must be at least 1"),
        ({"shop.test": {"sums_days": 30}}, "shop.test: Its sums_days is 30, its keep_days 400"),
        ({"shop.test": {5: 1}}, "must be texts"),
        ({5: {}}, "5: It must be a text"),
    ],
)
def test_what_makes_no_sense_of_a_further_site_is_told(
    tmp_path: Path, given: object, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(right(tmp_path) | {"further_sites": given})
    text = str(caught.value)
    assert said in text
    assert 'Right: further_sites = {"shop.example": {"time_zone": "Europe/Berlin"}}' in text
