"""Which host a rebuild speaks to: the droplet that is meant, or none."""

from types import SimpleNamespace

import pytest

from commands import handover
from commands.hosts import Host
from digitalocean.errors import CloudError
from digitalocean.things import Droplet
from operations.backup import HELD
from settings.model import Settings
from tests.host.test_backups import HELD as FOR_TESTS

NAME = "blog"
SETTINGS = Settings.model_construct(droplet_name=NAME)


def droplet(ipv4: str) -> Droplet:
    return Droplet.read(
        {
            "id": 7,
            "name": NAME,
            "networks": {"v4": [{"type": "public", "ip_address": ipv4}]},
        }
    )


def inventory(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    known = [Host(NAME, [], {"ssh_hostname": one}) for one in addresses]
    monkeypatch.setattr(handover, "hosts", lambda **_: known)


def test_it_is_the_droplet_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    inventory(monkeypatch, "192.0.2.7")
    assert handover.host_of(SETTINGS, droplet("192.0.2.7"), "next").address == "192.0.2.7"


def test_the_old_one_may_be_written_by_the_address_that_leads_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inventory(monkeypatch, "198.51.100.1")
    assert handover.host_of(SETTINGS, droplet("192.0.2.7"), "freehold", "198.51.100.1")


def test_a_host_of_the_same_name_elsewhere_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    inventory(monkeypatch, "192.0.2.1")
    ran: list[object] = []
    monkeypatch.setattr("subprocess.run", lambda *given, **_: ran.append(given))
    with pytest.raises(CloudError, match=r"take it out.*make rebuild"):
        handover.deploy_and_verify(SETTINGS, droplet("192.0.2.7"), "next")
    assert not ran


def test_what_holds_the_backups_is_what_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known to the deploy, the rebuild and the tests of a host, each in a world of its own."""
    assert handover.HELD == HELD == FOR_TESTS
    ran: list[list[str]] = []

    def run(given: list[str], **_: object) -> SimpleNamespace:
        ran.append(given)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr("subprocess.run", run)
    handover.begin_backups(Host(NAME, [], {}))
    ((*_, command),) = ran
    assert command.startswith(f"rm -f {HELD} && ")


def test_a_droplet_that_is_not_listed_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    inventory(monkeypatch)
    with pytest.raises(CloudError, match="can't be reached"):
        handover.host_of(SETTINGS, droplet("192.0.2.7"), "next")


def test_where_no_host_is_found_it_is_said_why_and_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: str) -> list[Host]:
        raise SystemExit("--> Left out: the token has expired")

    monkeypatch.setattr(handover, "hosts", refuse)
    with pytest.raises(CloudError, match="token has expired\nTo go on: make rebuild"):
        handover.host_of(SETTINGS, droplet("192.0.2.7"), "next")


def test_of_an_old_one_that_was_handed_over_it_is_said_how_it_takes_events_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may have been so by an earlier run, whatever fails in this one."""
    inventory(monkeypatch, "192.0.2.7")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: SimpleNamespace(returncode=1))
    with pytest.raises(CloudError, match=r"it takes none .* make deploy .* make rebuild") as told:
        handover.deploy_and_verify(SETTINGS, droplet("192.0.2.7"), "next")
    assert "as it was" not in str(told.value)
