"""Every template renders, and what it renders is what its reader can parse."""

import json
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from analytics.dev.postgres import running
from psycopg.errors import CheckViolation

from settings.load import settings_of
from settings.model import Settings
from settings.render import TEMPLATES, render
from tests.unit.settings_lab import right

EXTRA: dict[str, dict[str, Any]] = {
    "docker-compose.yml.j2": {
        "webapp_image": "freehold/webapp:0123456789ab",
        "db_start": "0123456789ab",
    },
    "systemd/freehold-backup.service.j2": {
        "description": "Back up",
        "commands": ["backup"],
        "timeout": "3h",
        "held": "/held",
    },
    "systemd/freehold-backup.timer.j2": {
        "description": "Back up",
        "when": "hourly",
        "often": "every hour",
        "spread": "10min",
    },
}
ALL = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.j2"))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_of(right(tmp_path_factory.mktemp("lab")))


def _rendered(template: str, settings: Settings) -> str:
    return render(template, settings, **EXTRA.get(template, {}))


@pytest.mark.parametrize("template", ALL)
def test_it_renders_to_whole_lines(template: str, settings: Settings) -> None:
    text = _rendered(template, settings)
    assert text.strip()
    assert text.endswith("\n")
    # The one template of Docker's own.
    assert "{{" not in text.replace("{{index .ContainerLabels ", "")
    assert "{%" not in text


@pytest.mark.parametrize(
    "template", [one for one in ALL if one.endswith((".service.j2", ".timer.j2"))]
)
def test_a_unit_has_sections_and_a_description(template: str, settings: Settings) -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(_rendered(template, settings))
    assert unit["Unit"]["Description"]
    assert {"Service", "Timer"} & set(unit.sections())


def test_the_daemons_settings_are_json(settings: Settings) -> None:
    daemon = json.loads(_rendered("docker/daemon.json.j2", settings))
    assert daemon["live-restore"] is True
    assert daemon["no-new-privileges"] is True


@pytest.mark.parametrize(("packages", "updated"), [("debian", False), ("docker.com", True)])
def test_docker_updates_itself_wherever_it_is_of(
    settings: Settings, packages: str, updated: bool
) -> None:
    chosen = settings.model_copy(update={"docker_packages": packages})
    assert ('"origin=Docker";' in _rendered("apt/52freehold.j2", chosen)) == updated


def test_cloud_inits_drop_in_is_yaml(settings: Settings) -> None:
    assert yaml.safe_load(_rendered("cloud-init.cfg.j2", settings)) == {"preserve_hostname": True}


@pytest.fixture(scope="session")
def compose(settings: Settings) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(_rendered("docker-compose.yml.j2", settings))
    return read


def test_every_service_is_confined(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"nginx", "webapp", "worker", "migrate", "db"}
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        options = {"no-new-privileges:true", "apparmor=docker-default"}
        assert set(service["security_opt"]) == options, name
        assert "ports" not in service, name
        assert "privileged" not in service, name
        assert service["mem_limit"].endswith("m"), name
        assert service["ulimits"] == {"core": 0}, name
        assert service["pids_limit"] > 0, name
        assert service["logging"]["driver"] == "journald", name
        assert service["logging"]["options"]["tag"].startswith("freehold-"), name
        assert ":latest" not in service["image"], name
        assert ":" in service["image"], name


def test_what_sees_addresses_is_never_swapped(compose: dict[str, Any]) -> None:
    for name in ("nginx", "webapp"):
        service = compose["services"][name]
        memory = int(service["mem_limit"].removesuffix("m")) * 1024 * 1024
        # Less than a page of swap.
        assert service["memswap_limit"] == f"{memory + 1}b", name


def test_only_nginx_is_root_and_on_the_hosts_network(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, one in services.items() if "user" not in one] == ["nginx"]
    assert [name for name, one in services.items() if "network_mode" in one] == ["nginx"]
    assert compose["networks"]["internal"]["internal"] is True


def test_no_secret_is_an_environment_variable(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for key, value in service.get("environment", {}).items():
            assert "PASSWORD" not in key or str(value).startswith("/run/secrets/"), key


def test_the_volume_carries_the_major_version(compose: dict[str, Any]) -> None:
    assert compose["volumes"]["db"]["name"] == "freehold_db-17"


def test_the_memory_of_all_services_fits_into_half_a_gigabyte(compose: dict[str, Any]) -> None:
    running = [one for name, one in compose["services"].items() if name != "migrate"]
    assert sum(int(one["mem_limit"].removesuffix("m")) for one in running) <= 460


@pytest.mark.parametrize("http3", [False, True])
def test_udp_is_open_for_http3_only(http3: bool, tmp_path: Path) -> None:
    rules = _rendered("nftables.conf.j2", settings_of(right(tmp_path) | {"http3": http3}))
    assert ("udp dport 443 accept" in rules) is http3
    assert "tcp dport { 22, 80, 443 } accept" in rules
    # The statement, not the comment that says why there is none.
    assert "\nflush ruleset" not in rules


def test_a_container_finds_its_gateway_over_ipv6_and_nothing_more_of_the_host(
    settings: Settings,
) -> None:
    lines = [line.strip() for line in _rendered("nftables.conf.j2", settings).splitlines()]
    rules = lines[lines.index("chain input {") : lines.index("chain forward {")]
    container = 'iifname { "docker0", "br-*" } '
    asked = [rule.removeprefix(container) for rule in rules if rule.startswith(container)]
    assert asked == ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept", "drop"]


@pytest.mark.integration
def test_the_databases_log_has_nothing_of_a_row_that_it_refuses(settings: Settings) -> None:
    compose = yaml.safe_load(_rendered("docker-compose.yml.j2", settings))
    options = [one for one in compose["services"]["db"]["command"] if one.startswith("-clog_")]
    with running(*options) as postgres:
        postgres.execute("CREATE TABLE visits (page text CHECK (page IS NULL))")
        target = postgres.url().set(drivername="postgresql").render_as_string()
        with (
            psycopg.connect(target) as connection,
            pytest.raises(CheckViolation, match="anna"),
            connection.cursor().copy("COPY visits FROM STDIN") as copy,
        ):
            copy.write_row(["/members/anna"])
        log = (postgres.folder / "log").read_text()
    assert "violates check constraint" in log
    assert "anna" not in log
