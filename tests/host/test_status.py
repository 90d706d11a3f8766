"""How the host is: asked by the owner, looked at by a timer, shown to who logs in."""

import json
import re
import subprocess

import pytest
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.host.reading import read
from tests.host.visitor import Visitor

TIMER = "freehold-status.timer"
SERVICE = "freehold-status.service"
STATE = "/var/lib/freehold/status"
EVERYTHING = {
    *("nginx", "webapp", "worker", "db", "release", "site", "site release", "events", "spool"),
    *("certificate", "disk", "memory", "swap", "units", "reboot", "clock", "updates"),
}
# What no test can promise of a host: no backups were wanted, no time server is reached from here,
# other updates than those for security wait for their owner.
OWNERS = ("backup", "clock", "updates", "reboot")


@pytest.fixture(scope="module")
def facts(host: Target) -> dict[str, str]:
    """What the host says, in one round trip; a look is taken as the timer takes it."""
    return read(
        host,
        {
            "timer": f"systemctl is-active {TIMER}; systemctl is-enabled {TIMER}",
            "look": f"systemctl start {SERVICE}; systemctl show {SERVICE}"
            " --property Result,MemoryPeak,ExecMainStartTimestampMonotonic"
            ",ExecMainExitTimestampMonotonic",
            "journal": f"journalctl --unit {SERVICE} --since -2min --output cat --no-pager",
            "rows": "freehold-status --json",
            "code": "freehold-status --json >/dev/null; echo $?",
            "modes": f"stat --format '%a %U %n' /etc/freehold/status.json {STATE} {STATE}/*"
            " /etc/update-motd.d/50-freehold /usr/local/sbin/freehold-status",
            "motd": "run-parts --lsbsysinit /etc/update-motd.d",
            "stale": f"touch -d '1 hour ago' {STATE}/login && /etc/update-motd.d/50-freehold;"
            f" touch {STATE}/login",
            "rating": f"systemd-analyze security --no-pager {SERVICE} | tail -n 1",
        },
    )


@pytest.fixture(scope="module")
def rows(facts: dict[str, str]) -> list[dict[str, str]]:
    """What the owner is told."""
    found: list[dict[str, str]] = json.loads(facts["rows"])
    return found


def test_somebody_looks_in_a_sandbox(facts: dict[str, str]) -> None:
    assert facts["timer"].split() == ["active", "enabled"]
    assert "Result=success" in facts["look"].splitlines(), facts["journal"]
    rating = re.search(r": ([0-9.]+) ", facts["rating"])
    assert rating, facts["rating"]
    assert float(rating[1]) <= 2.0


def test_it_says_something_of_everything(rows: list[dict[str, str]]) -> None:
    assert {row["what"] for row in rows} >= EVERYTHING
    assert any(row["what"].startswith("backup") for row in rows)


def test_what_is_out_of_order_is_first_and_says_what_to_type(
    facts: dict[str, str], rows: list[dict[str, str]]
) -> None:
    order = [("error", "warning", "ok").index(row["state"]) for row in rows]
    assert order == sorted(order)
    wrong = [row for row in rows if row["state"] != "ok"]
    assert all(row["type"] for row in wrong), wrong
    assert facts["code"] == ("2" if wrong else "0")


def test_all_that_a_deploy_brings_is_in_order(described: Host, rows: list[dict[str, str]]) -> None:
    # Of one that is to take another's place: the authority can't be asked yet.
    others = (*OWNERS, "certificate") if described.data.get("_beside") else OWNERS
    ours = [row for row in rows if not row["what"].startswith(others)]
    assert [row for row in ours if row["state"] != "ok"] == []


def test_services_say_version_and_memory(rows: list[dict[str, str]]) -> None:
    told = {row["what"]: row["text"] for row in rows}
    for service in ("nginx", "webapp", "worker", "db"):
        assert re.search(r"\S+:\S+, healthy, up for .+, [1-9]\d* of \d+ MB", told[service])


def test_in_its_sandbox_it_sees_the_same(facts: dict[str, str], rows: list[dict[str, str]]) -> None:
    first, second, third = _ours(facts["motd"])
    wrong = {row["what"] for row in rows if row["state"] != "ok"}
    named = first.partition("out of order: ")[2].partition(". Type")[0]
    assert set(named.split(", ")) - {""} == wrong, first
    assert "release: " in second
    assert "events: " in second
    assert "disk: " in third
    assert "memory: " in third


def _ours(shown: str) -> list[str]:
    lines = shown.splitlines()
    at = next(i for i, line in enumerate(lines) if "all is in order" in line or "out of o" in line)
    return lines[at : at + 3]


def test_who_logs_in_is_shown_three_lines(described: Host, facts: dict[str, str]) -> None:
    # Twice, for these tests have no terminal of their own.
    ssh, *rest = described.ssh(terminal=True)
    done = subprocess.run(
        [ssh, "-t", *rest],
        input="exit\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    for line in _ours(facts["motd"]):
        assert line.rpartition(" (")[0] in done.stdout
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", "".join(_ours(done.stdout))), "An address."


def test_old_lines_say_so(facts: dict[str, str]) -> None:
    assert "freehold-status.timer" in facts["stale"].splitlines()[-1]
    assert "freehold-status.timer" not in facts["motd"]


def test_what_it_knows_is_roots_alone(facts: dict[str, str]) -> None:
    lines = [line.split() for line in facts["modes"].splitlines()]
    modes = {path: (mode, owner) for mode, owner, path in lines}
    for path in ("/etc/update-motd.d/50-freehold", "/usr/local/sbin/freehold-status"):
        assert modes.pop(path) == ("755", "root")
    assert modes.pop(STATE) == ("700", "root")
    assert set(modes.values()) == {("600", "root")}, modes


def test_visitors_are_not_told(visitor: Visitor) -> None:
    assert visitor.ask("/host/status").status == 404
