"""The scanners that need no host and are quick find nothing in this project without a reason."""

from pathlib import Path

import pytest

from audit import accepted
from audit.accepted import Compared, compare
from audit.finding import Finding
from audit.tools import gixy, hadolint
from tests.unit.nginx_render import Settings, render


def _judged(tool: str, findings: list[Finding]) -> Compared:
    return compare(findings, accepted.read(accepted.FILE.read_text()).get(tool, []))


def test_the_dockerfile() -> None:
    assert _judged("hadolint", hadolint.run().findings).unexplained == []


@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(http3=True, count_from="log", aliases=[], privacy_path="")],
    ids=["as it comes", "all else"],
)
def test_the_configuration_of_nginx(settings: Settings, tmp_path: Path) -> None:
    main = render(settings, tmp_path / "release")

    found = _judged("gixy-ng", gixy.judged(main.parent))

    # It has always had something to say, so silence would mean that it read nothing.
    assert found.explained
    assert found.unexplained == []


def test_gixy_finds_what_it_is_for(tmp_path: Path) -> None:
    main = render(Settings(), tmp_path / "release")
    servers = main.with_name("servers.conf")
    # A path that leads out of its folder: https://gixy.getpagespeed.com/checks/alias-traversal/
    hole = "server {\n    location /files { alias /srv/www/; }\n"
    servers.write_text(servers.read_text().replace("server {\n", hole, 1))

    found = _judged("gixy-ng", gixy.judged(main.parent))

    assert [one.id for one in found.unexplained] == ["alias_traversal servers.conf"]
