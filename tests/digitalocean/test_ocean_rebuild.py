"""A rebuild at Digital Ocean: who gets what when, and wherever it is cut off."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands import rebuild as command
from digitalocean.client import Client
from digitalocean.errors import CloudError
from digitalocean.rebuild import Rebuild
from tests.digitalocean.ocean_lab import DOMAIN, FULL, CutClient, CutOffError, Ocean, ocean

BACKED_UP = {"backup_repository": "/mnt/backup"}


class Rebuilt:
    """A rebuild whose droplets are paper: what would happen on them is noted."""

    def __init__(
        self, account: Ocean, monkeypatch: pytest.MonkeyPatch, typed: str = DOMAIN
    ) -> None:
        self.account = account
        self.done: list[str] = []
        monkeypatch.setattr(command, "back_up", lambda _: self.done.append("backup"))
        monkeypatch.setattr(command, "deploy_and_verify", self._deploy)
        monkeypatch.setattr(command, "carry_over", lambda *_: self.done.append("carry over"))
        monkeypatch.setattr("builtins.input", lambda _: typed)

    def _deploy(self, _: object, tag: str) -> None:
        # The one that is deployed to is another one than the one that is live.
        (found,) = self.account.cloud().facts.droplets(tag)
        assert found.is_ready
        self.done.append(f"deploy {found.id}")

    def run(self, client: Client | None = None, *, last: bool = False) -> int:
        described = self.account.settings(**BACKED_UP)
        steps = Rebuild(self.account.cloud(client), described)
        return command.rebuild(steps, described, last=last)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Ocean]:
    with ocean(tmp_path) as made:
        yield made


def live(account: Ocean) -> tuple[str, str]:
    """The one droplet, and the address that leads to it."""
    (number,) = account.account.state["droplets"]
    (address,) = account.account.state["reserved_ips"]
    led = account.ask("GET", f"/v2/reserved_ips/{address}")["reserved_ip"]["droplet"]
    assert str(led["id"]) == number
    assert account.account.state["droplets"][number]["tags"] == ["freehold"]
    return number, address


def test_a_new_one_in_the_place_of_the_old_one(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    before, whole = live(account), account.things()
    rebuilt = Rebuilt(account, monkeypatch)
    assert rebuilt.run() == 0
    after = live(account)
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert rebuilt.done == ["backup", f"deploy {after[0]}", "carry over"]
    assert account.things() == whole
    assert account.run() == []
    records = account.account.state["records"].values()
    (found,) = account.ask("GET", "/v2/droplets")["droplets"]
    own = {one["ip_address"] for one in found["networks"]["v6"]}
    assert {one["data"] for one in records if one["type"] == "AAAA"} == own


def test_the_old_one_stays_until_its_name_is_typed(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    assert Rebuilt(account, monkeypatch, typed="yes").run() == 0
    assert account.things()["droplets"] == 2
    assert account.run() == []
    again = Rebuilt(account, monkeypatch)
    assert again.run() == 0
    assert again.done == []
    live(account)


def test_with_the_old_one_gone_it_is_made_from_the_last_backup(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    lost, address = live(account)
    account.ask("DELETE", f"/v2/droplets/{lost}")
    rebuilt = Rebuilt(account, monkeypatch)
    assert rebuilt.run() == 0
    number, after = live(account)
    assert after == address
    assert rebuilt.done == [f"deploy {number}"]


def test_without_a_backup_there_is_no_rebuild(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    Rebuilt(account, monkeypatch)
    described = account.settings()
    with pytest.raises(CloudError, match="would begin with nothing"):
        command.rebuild(Rebuild(account.cloud(), described), described, last=False)
    assert account.things()["droplets"] == 1


@given(cuts=st.lists(st.integers(1, 45), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_wherever_it_is_cut_off_the_next_one_goes_on(cuts: list[int]) -> None:
    with (
        TemporaryDirectory() as folder,
        ocean(Path(folder)) as account,
        pytest.MonkeyPatch.context() as patch,
    ):
        account.run()
        before, whole = live(account), account.things()
        rebuilt = Rebuilt(account, patch)
        for cut in cuts:
            try:
                rebuilt.run(CutClient(account.url, FULL, after=cut))
            except CutOffError:
                assert account.things()["droplets"] <= 2
        rebuilt.run()
        # Cuts may have left room for a second one, which is whole as well.
        assert live(account)[1] == before[1]
        assert account.things() == whole
        assert account.run() == []
