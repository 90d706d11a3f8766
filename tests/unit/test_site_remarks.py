"""What is told of a site that can be brought, and will not be seen as its author means it."""

import os
from pathlib import Path

import pytest

from deploys.remarks import remarks

TRACKER = "/js/script.js"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<h1>Hellö</h1>", encoding="utf-8")
    return tmp_path


def fill(site: Path, name: str, content: bytes = b"<h1>Hello</h1>") -> None:
    path = site / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_of_an_ordinary_site_there_is_nothing_to_tell(site: Path) -> None:
    for name in ("apix/index.html", "docs/api/index.html", "statistics.html", "js/main.js"):
        fill(site, name)
    fill(site, "old.xml", "<p>café</p>".encode("latin-1"))
    assert [*remarks(site, TRACKER)] == []


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("api/index.html", "/api/"),
        ("api/v1/users.json", "/api/"),
        ("api.html", "/api"),
        ("stats/index.html", "/stats/"),
        ("stats.html", "/stats"),
    ],
)
def test_what_lies_under_an_address_of_the_services_is_told(
    site: Path, name: str, address: str
) -> None:
    fill(site, name)
    (remark,) = remarks(site, TRACKER)
    assert f"{name.partition('/')[0]} of the site is not shown at {address}," in remark


def test_a_script_in_the_trackers_place_is_told(site: Path) -> None:
    fill(site, "js/script.js")
    (remark,) = remarks(site, TRACKER)
    assert remark.startswith("js/script.js of the site is not shown")
    assert "tracker_path" in remark
    assert [*remarks(site, "/seeds/grow.js")] == []


def test_pages_that_are_sent_with_a_wrong_encoding_are_told(site: Path) -> None:
    for number in range(5):
        fill(site, f"old/{number}.HTM", "<meta charset=iso-8859-1>café".encode("latin-1"))
    fill(site, os.fsdecode(b"caf\xe9.html"), "<p>café</p>".encode("latin-1"))
    (remark,) = remarks(site, TRACKER)
    assert remark.isprintable()
    assert "caf\\xe9.html, old/0.HTM, old/1.HTM and 3 more" in remark
    assert "UTF-8" in remark


@pytest.mark.parametrize(
    "needed",
    [
        '<link rel="stylesheet" href="/blog/assets/main.css?v=1">',
        "<script defer src=/blog/assets/main.css.JS></script>",
        '<link href="/assets/Main.css" rel="stylesheet">',
    ],
)
def test_a_style_or_script_that_the_front_page_needs_and_is_not_there_is_told(
    site: Path, needed: str
) -> None:
    """As where the site was made for a folder of its address, or on a disk that knows no case."""
    fill(site, "assets/main.css")
    (site / "index.html").write_text(f"<!doctype html>\n{needed}\n<h1>Hello</h1>")
    (remark,) = remarks(site, TRACKER)
    assert "baseurl" in remark


def test_what_the_front_page_has_from_elsewhere_or_of_the_service_is_not_missed(site: Path) -> None:
    fill(site, "a b/main.css")
    (site / "index.html").write_text(
        '<link rel="stylesheet" href="/a%20b/main.css"><link href="//x.test/a.css">'
        '<script src="/js/script.js"></script><script src="https://x.test/a.js"></script>'
        '<link rel="preload" href="/fonts/a.woff2"><script src="/api/x.js"></script>'
    )
    assert [*remarks(site, TRACKER)] == []
