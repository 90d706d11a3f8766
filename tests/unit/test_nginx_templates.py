"""The rendered configuration of nginx, read by another parser than nginx's."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import crossplane  # type: ignore[import-untyped] # ngxparse, which has no stubs
import pytest

from settings.paths import PROJECT
from tests.unit.nginx_render import PAGES, Settings, render

VARIANTS = {
    "plain": Settings(),
    "no http3": Settings(http3=False),
    "log": Settings(count_from="log"),
    "no aliases": Settings(aliases=[]),
    "several": Settings(domain="example.org", aliases=["www.example.org", "example.com"]),
}

Directive = dict[str, Any]


class Configuration:
    """All files of a release, as one list of directives with the blocks that they stand in."""

    def __init__(self, release: Path) -> None:
        parsed = crossplane.parse(str(release / "nginx.conf"), combine=True, strict=False)
        assert parsed["status"] == "ok", parsed["errors"]
        self.directives = list(_walk(parsed["config"][0]["parsed"], ()))
        # One file of these may have comments only, and so no directive.
        whole = crossplane.parse(str(release / "nginx.conf"), strict=False)["config"]
        self.files = {Path(one["file"]).name for one in whole}

    def named(self, name: str) -> list[Directive]:
        return [one for _, one in self.directives if one["directive"] == name]

    def servers(self) -> list[Directive]:
        # Not the one in `upstream`, which is a line and not a block.
        return [one for one in self.named("server") if "block" in one]


def _walk(
    block: list[Directive], parents: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Directive]]:
    for one in block:
        yield parents, one
        yield from _walk(one.get("block", []), (*parents, one["directive"]))


def _inside(server: Directive, name: str) -> list[list[str]]:
    return [one["args"] for one in server["block"] if one["directive"] == name]


@pytest.fixture(params=[*VARIANTS.values()], ids=[*VARIANTS])
def settings(request: pytest.FixtureRequest) -> Settings:
    chosen: Settings = request.param
    return chosen


@pytest.fixture
def release(settings: Settings, tmp_path: Path) -> Path:
    render(settings, tmp_path / "release")
    return tmp_path / "release"


@pytest.fixture
def configuration(release: Path) -> Configuration:
    return Configuration(release)


def test_every_file_is_used_and_nothing_is_left_unrendered(
    configuration: Configuration, release: Path
) -> None:
    assert {path.name for path in release.glob("*.conf")} == configuration.files
    for path in release.glob("*.conf"):
        assert not re.search(r"\{\{|\{%|\bNone\b|\['|Undefined", path.read_text()), path.name


def test_a_release_can_be_checked_wherever_it_lies(configuration: Configuration) -> None:
    # Another release's file would be checked in its place if an include named a whole path.
    for one in configuration.named("include"):
        assert not one["args"][0].startswith("/")


def test_every_name_is_answered_once_on_each_port(
    configuration: Configuration, settings: Settings
) -> None:
    answered: dict[str, list[str]] = {"80": [], "443": []}
    for server in configuration.servers():
        ports = {listen[0].rpartition(":")[2] for listen in _inside(server, "listen")}
        for port in ports & set(answered):
            answered[port] += _inside(server, "server_name")[0]
    expected = sorted(["_", settings.domain, *settings.aliases])
    assert sorted(answered["80"]) == sorted(answered["443"]) == expected


def test_ipv4_and_ipv6_are_alike(configuration: Configuration) -> None:
    for server in configuration.servers():
        listens = [
            tuple(listen) for listen in _inside(server, "listen") if "unix:" not in listen[0]
        ]
        four = {listen for listen in listens if not listen[0].startswith("[::]:")}
        six = {(name.removeprefix("[::]:"), *rest) for name, *rest in listens if "::" in name}
        assert four == six


def test_each_address_has_one_default_and_is_opened_once(configuration: Configuration) -> None:
    listens = [
        one["args"] for one in configuration.named("listen") if "unix:" not in one["args"][0]
    ]
    addresses = {(name, "quic" in rest) for name, *rest in listens}
    for option in ("default_server", "reuseport"):
        having = [(name, "quic" in rest) for name, *rest in listens if option in rest]
        assert sorted(having) == sorted(addresses)


def test_quic_is_there_exactly_when_asked_for(
    configuration: Configuration, settings: Settings
) -> None:
    for server in configuration.servers():
        listens = _inside(server, "listen")
        tls = [listen for listen in listens if "ssl" in listen]
        quic = [listen for listen in listens if "quic" in listen]
        assert len(quic) == (len(tls) if settings.http3 else 0)
    offers = [one for one in configuration.named("add_header") if one["args"][0] == "Alt-Svc"]
    assert len(offers) == settings.http3


def test_nobody_takes_all_connections(configuration: Configuration) -> None:
    """Neither one address, nor a /48 of IPv6; of HTTP/3 each stream is one of nginx's."""
    (connections,) = (int(one["args"][0]) for one in configuration.named("worker_connections"))
    rules = (PROJECT / "templates" / "nftables.conf.j2").read_text()
    most = {name: int(n) for name, n in re.findall(r"add @(\w+) {.*?count over (\d+) }", rules)}
    streams = [int(one["args"][0]) for one in configuration.named("http3_max_concurrent_streams")]
    # Beside the requests, the connection itself and six streams of HTTP/3's own.
    each = streams[0] + 7 if streams else 0
    for tcp, quic in (("crowd4", "quic4"), ("crowd6", "quic6"), ("crowd48", "quic48")):
        assert most[tcp] + most[quic] * each < connections


def test_every_redirect_to_another_host_names_the_canonical_one(
    configuration: Configuration, settings: Settings
) -> None:
    targets = [one["args"][1] for one in configuration.named("return") if "301" in one["args"]]
    # The first keeps the name, which is one of ours: only those get there.
    to_https, *others = targets
    assert to_https == "https://$host$request_uri"
    assert others == [f"https://{settings.domain}$request_uri"] * bool(settings.aliases)


def test_no_line_of_a_request_is_kept(configuration: Configuration) -> None:
    to = [one["args"][0] for one in configuration.named("access_log")]
    in_memory = "syslog:server=unix:/run/freehold/webapp/log.sock,nohostname"
    assert to[0] == "off"
    assert set(to[1:]) <= {in_memory}
    inside_http = [
        one["args"]
        for parents, one in configuration.directives
        if one["directive"] == "error_log" and "http" in parents
    ]
    # To a program that takes the address out, and nowhere else.
    to_it = "syslog:server=unix:/run/freehold/nginx/errors.sock,nohostname"
    assert inside_http == [[to_it, "error"]]


def test_maps_have_room_for_the_longest_path_of_the_tracker(configuration: Configuration) -> None:
    """A key needs 10 bytes beside its own, in words of 8, and its bucket 8 more (ngx_hash.c)."""
    names = [one["directive"] for _, one in configuration.directives]
    ((size,),) = (one["args"] for one in configuration.named("map_hash_bucket_size"))
    assert int(size) >= 8 + (200 + 2) // 8 * 8 + 8 + 8
    # The first map fixes the size.
    assert names.index("map_hash_bucket_size") < names.index("map")


def test_the_policy_allows_the_style_of_the_bundled_pages(configuration: Configuration) -> None:
    (policy_of,) = (
        {one["directive"]: one["args"][0] for one in block["block"]}
        for block in configuration.named("map")
        if block["args"][-1] == "$content_security_policy"
    )
    allowed = set(re.findall(r"'sha256-([^']+)'", policy_of["default"]))
    assert "sha256" not in policy_of["site"]
    styles = {
        style
        for page in PAGES.glob("*.html")
        for style in re.findall(r"<style>(.*?)</style>", page.read_text(), re.DOTALL)
    }
    digests = {
        base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles
    }
    assert allowed == digests


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda page: page.name)
def test_bundled_pages_need_nothing_from_elsewhere(page: Path) -> None:
    text = page.read_text()
    assert not re.search(r"\b(src|style|on\w+)=|url\(|https?:|@import", text)
    assert len(text.encode()) < 4096
