"""A deploy whose firewall would shut out who is deploying is refused."""

from types import SimpleNamespace

import pytest
from pyinfra.api.exceptions import DeployError

from deploys import firewall
from deploys.firewall import check_the_way_in
from facts.peer import Peer
from settings.model import Settings

HERE = "198.51.100.7"


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands for pyinfra's current host."""
    monkeypatch.setattr(firewall, "host", SimpleNamespace(name="server"))


def _settings(*allowed: str) -> Settings:
    return Settings.model_construct(ssh_allowed_from=allowed)


@pytest.mark.parametrize("allowed", [(), (HERE,)])
def test_an_sshd_at_another_port_would_be_shut_out(allowed: tuple[str, ...]) -> None:
    with pytest.raises(DeployError, match=r"server itself listens on port 2222.*Port 22 in"):
        check_the_way_in(_settings(*allowed), Peer(HERE, 2222))


@pytest.mark.parametrize("allowed", [(), (HERE,), ("203.0.113.7", "198.51.100.0/24")])
def test_port_22_is_open_for_who_is_allowed(allowed: tuple[str, ...]) -> None:
    check_the_way_in(_settings(*allowed), Peer(HERE, 22))


def test_another_address_would_be_shut_out() -> None:
    with pytest.raises(DeployError, match=f"come from {HERE}"):
        check_the_way_in(_settings("203.0.113.7"), Peer(HERE, 22))


def test_without_ssh_nobody_is_shut_out() -> None:
    check_the_way_in(_settings("203.0.113.7"), None)
