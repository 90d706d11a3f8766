"""What the owner decides of their analytics, and that the service is told exactly this."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from analytics import sites

from settings.analytics import COLLECTED
from settings.errors import SettingsError
from settings.load import settings_of
from settings.render import render
from tests.unit.settings_lab import right


def _told(folder: Path, **given: Any) -> str:  # noqa: ANN401
    """What the rendered compose file hands to the service, as Compose reads it."""
    settings = settings_of(right(folder) | given)
    text = render("docker-compose.yml.j2", settings, webapp_image="freehold/webapp:1", db_start="1")
    told: str = yaml.safe_load(text)["services"]["webapp"]["environment"]["ANALYTICS_SITES"]
    return told.replace("$$", "$")


def test_the_service_is_told_what_was_decided(tmp_path: Path) -> None:
    given = {
        "server_senders": True,
        "time_zone": "Europe/Berlin",
        "collect": ["country", "visitor"],
        "honour_do_not_track": False,
        "keep_days": 30,
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
    assert site.keep_days == 30
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
        ({"count_from": "logs"}, '"script" or "log"'),
        ({"ignored_paths": "/a"}, "list"),
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
