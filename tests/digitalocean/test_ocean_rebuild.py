"""A rebuild at Digital Ocean: who gets what when, and wherever it is cut off."""

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commands import rebuild as command
from digitalocean.client import Client
from digitalocean.errors import CloudError
from digitalocean.host_keys import Pins, beside, born_with
from digitalocean.rebuild import Rebuild
from digitalocean.things import Droplet
from tests.digitalocean.ocean_lab import CLOCK, DOMAIN, FULL, CutClient, CutOffError, Ocean, ocean

BACKED_UP = {"backup_repository": "/mnt/backup"}


class Rebuilt:
    """A rebuild whose droplets are paper: what would happen on them is noted."""

    def __init__(
        self, account: Ocean, monkeypatch: pytest.MonkeyPatch, typed: str = DOMAIN
    ) -> None:
        self.account = account
        self.done: list[str] = []
        self.begun: list[int] = []
        self.certified: list[int] = []
        monkeypatch.setattr(command, "host_of", lambda _, droplet, *__: droplet.id)
        monkeypatch.setattr(command, "back_up", lambda _: self.done.append("backup"))
        monkeypatch.setattr(command, "deploy_and_verify", self._deploy)
        monkeypatch.setattr(command, "carry_over", lambda *_: self.done.append("carry over"))
        monkeypatch.setattr(command, "catch_up", lambda _: self.done.append("catch up"))
        monkeypatch.setattr(command, "begin_backups", self._begin_backups)
        monkeypatch.setattr(command, "certify", self._certify)
        monkeypatch.setattr("builtins.input", lambda _: typed)

    def _deploy(self, _: object, new: Droplet, tag: str) -> None:
        # The one that is deployed to is another one than the one that is live, and can be reached.
        (found,) = self.account.cloud().facts.droplets(tag)
        assert found.id == new.id
        assert new.is_ready
        assert Pins(self.account.folder / "machine").of(new.ipv4)
        assert not [one for one in self.account.cloud().facts.addresses() if one.droplet == new.id]
        self.done.append(f"deploy {found.id}")

    def _begin_backups(self, number: int) -> None:
        # Of the one that is live, while the next run would still come by here.
        tags = self.account.account.state["droplets"][str(number)]["tags"]
        assert {*tags} == {"freehold", "freehold-next"}
        self.begun.append(number)

    def _certify(self, number: int) -> None:
        # The authority looks where the names lead.
        known = self.account.ask("GET", "/v2/reserved_ips")["reserved_ips"]
        (led,) = (one for one in known if (one["droplet"] or {}).get("id") == number)
        names = self.account.account.state["records"].values()
        assert {one["data"] for one in names if one["type"] == "A"} == {led["ip"]}
        self.certified.append(number)

    def run(
        self,
        client: Client | None = None,
        *,
        last: bool = False,
        data: dict[str, object] | None = None,
        **more: object,
    ) -> int:
        described = self.account.settings(**(BACKED_UP | more))
        steps = Rebuild(self.account.cloud(client), described)
        return command.rebuild(steps, described, last=last, data=data)


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
    assert rebuilt.begun == rebuilt.certified == [int(after[0])]
    assert account.things() == whole
    assert account.run() == []
    records = account.account.state["records"].values()
    (found,) = account.ask("GET", "/v2/droplets")["droplets"]
    own = {one["ip_address"] for one in found["networks"]["v6"]}
    assert {one["data"] for one in records if one["type"] == "AAAA"} == own


def test_a_reserved_address_is_never_taken_for_a_droplets_own(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.order("reserved-address-first", path="/v2/droplets", times=2)
    account.run()
    assert account.run() == []
    for _ in range(2):
        number, address = live(account)
        networks = account.ask("GET", f"/v2/droplets/{number}")["droplet"]["networks"]["v4"]
        first, own = (one["ip_address"] for one in networks if one["type"] == "public")
        assert first == address
        (found,) = account.cloud().facts.droplets("freehold")
        assert found.ipv4 == own
        (pin,) = (account.folder / "machine" / "known_hosts").read_text().splitlines()
        assert pin.startswith(f"{own} ")
        # The second time of the new one.
        assert Rebuilt(account, monkeypatch).run() == 0


def test_the_old_one_stays_until_its_name_is_typed(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    assert Rebuilt(account, monkeypatch, typed="yes").run() == 0
    assert account.things()["droplets"] == 2
    assert account.run() == []
    tags = [one["tags"] for one in account.account.state["droplets"].values()]
    assert sorted(tags) == [["freehold"], ["freehold-old"]]
    # It is reached as little as before, to its end.
    (firewall,) = account.account.state["firewalls"].values()
    assert all({*one} & {*firewall["tags"]} for one in tags)
    again = Rebuilt(account, monkeypatch)
    assert again.run() == 0
    assert again.done == []
    live(account)


class WhenDestroyed(CutClient):
    """A client that tells when a droplet was destroyed, after records were changed."""

    def __init__(self, account: Ocean) -> None:
        super().__init__(account.url, FULL)
        self.changed: dict[str, float] = {}
        self.destroyed = 0.0
        self.slow = 0.0

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = super().put(path, body)
        if "/records/" in path:
            # Changed at the end of what was sent again and again.
            CLOCK.wait(self.slow)
            self.changed[body["type"]] = CLOCK.now()
        return answer

    def delete(self, path: str, body: dict[str, Any] | None = None) -> None:
        if path.startswith("/v2/droplets/"):
            self.destroyed = CLOCK.now()
        super().delete(path, body)


@pytest.mark.parametrize("reserved", ["yes", "no"])
def test_the_old_one_stays_while_resolvers_lead_to_it(
    account: Ocean,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reserved: str,
) -> None:
    account.run(reserved_address=reserved)
    records = account.account.state["records"].values()
    (ttl,) = {one["ttl"] for one in records if one["type"] in ("A", "AAAA")}
    rebuilt, client = Rebuilt(account, monkeypatch), WhenDestroyed(account)
    client.slow = 120.0
    monkeypatch.setattr(command, "certify", lambda _: None)
    assert rebuilt.run(client, reserved_address=reserved) == 0
    led = {"TXT", "AAAA"} if reserved == "yes" else {"TXT", "A", "AAAA"}
    assert {*client.changed} == led
    assert client.destroyed >= client.changed["AAAA"] + ttl - 1
    assert re.search(r"DNS may lead visitors to it for \d+ s more", capsys.readouterr().out)


def test_the_next_run_waits_for_resolvers_too_but_no_longer(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    first = WhenDestroyed(account)
    assert Rebuilt(account, monkeypatch, typed="no").run(first) == 0
    rebuilt, second = Rebuilt(account, monkeypatch), WhenDestroyed(account)
    CLOCK.wait(200)
    assert rebuilt.run(second) == 0
    assert 299 <= second.destroyed - first.changed["AAAA"] < 450
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
    assert rebuilt.done == [f"deploy {number}", "catch up"]


def test_both_have_a_host_key_of_their_own(account: Ocean, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that was never deployed to, whose key must not be pinned for the other."""
    account.run()
    machine = account.folder / "machine"
    first = born_with(DOMAIN, machine)
    with monkeypatch.context() as patch:
        rebuilt = Rebuilt(account, patch, typed="no")
        assert rebuilt.run(last=True) == 0
    (number,) = rebuilt.begun
    droplet = Droplet.read(account.ask("GET", f"/v2/droplets/{number}")["droplet"])
    (pinned,) = Pins(machine).of(droplet.ipv4)
    assert pinned == born_with(beside(DOMAIN), machine) != first
    assert account.run() == []
    assert Pins(machine).of(droplet.ipv4) == [pinned]


def test_without_a_backup_there_is_no_rebuild(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    Rebuilt(account, monkeypatch)
    described = account.settings()
    with pytest.raises(CloudError, match="would begin with nothing"):
        command.rebuild(Rebuild(account.cloud(), described), described, last=False)
    assert account.things()["droplets"] == 1


def test_what_it_costs_is_said_first(
    account: Ocean, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account.run()
    rebuilt = Rebuilt(account, monkeypatch)
    sizes = {one["slug"]: one for one in account.ask("GET", "/v2/sizes")["sizes"]}
    assert rebuilt.run(droplet_size="s-2vcpu-2gb") == 0
    said = capsys.readouterr().out.partition("Making the new droplet")[0]
    # Of the new one, and not of the old one.
    assert f"s-2vcpu-2gb costs ${sizes['s-2vcpu-2gb']['price_monthly']:.2f} a month" in said


def test_nothing_is_bought_that_nobody_could_log_in_to(
    account: Ocean, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    account.run()
    locked = tmp_path / "locked"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(locked)], check=True
    )
    rebuilt = Rebuilt(account, monkeypatch)
    with pytest.raises(CloudError, match=f"ssh-add {locked}"):
        rebuilt.run(authorized_keys=[f"{locked}.pub"])
    assert (rebuilt.done, account.things()["droplets"]) == ([], 1)
    # Of one that is named it was tried before whether it opens.
    named: dict[str, object] = {"ssh_key": str(tmp_path / "another")}
    assert rebuilt.run(authorized_keys=[f"{locked}.pub"], data=named) == 0


def test_an_address_that_can_not_follow_is_told_before_anything_is_bought(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    before = account.things()
    rebuilt = Rebuilt(account, monkeypatch)
    with pytest.raises(CloudError, match=r'leave its region.*reserved_address = "no"'):
        rebuilt.run(droplet_region="ams3")
    assert (rebuilt.done, account.things()) == ([], before)
    other = account.ask("POST", "/v2/reserved_ips", {"region": "ams3"})["reserved_ip"]["ip"]
    assert rebuilt.run(droplet_region="ams3", reserved_address=other) == 0
    assert account.run(droplet_region="ams3", reserved_address=other) == []


def test_an_address_that_leads_to_another_droplet_is_not_taken_from_it(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    body = {"name": "other", "region": "fra1", "size": "s-1vcpu-1gb", "image": "debian-13-x64"}
    other = account.ask("POST", "/v2/droplets", body)["droplet"]["id"]
    account.wait_until_active(other)
    taken = account.ask("POST", "/v2/reserved_ips", {"droplet_id": other})["reserved_ip"]["ip"]
    while not account.ask("GET", f"/v2/reserved_ips/{taken}")["reserved_ip"]["droplet"]:
        CLOCK.wait(1.0)
    before = account.things()
    rebuilt = Rebuilt(account, monkeypatch)
    with pytest.raises(CloudError, match=f"{taken} leads to another droplet .{other}."):
        rebuilt.run(reserved_address=taken)
    assert (rebuilt.done, account.things()) == ([], before)


@pytest.mark.parametrize("region", ["fra1", "ams3"])
def test_one_that_is_in_another_region_already_goes_on_without_an_address(
    account: Ocean, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    """Which region the settings name by then counts for nothing: the new droplet is there."""
    account.run()
    steps = Rebuild(account.cloud(), account.settings(droplet_region="ams3"))
    steps.make()
    with pytest.raises(CloudError, match="same region"):
        steps.move(steps.pair())
    rebuilt = Rebuilt(account, monkeypatch)
    with pytest.raises(CloudError, match=r'leave its region.*reserved_address = "no"'):
        rebuilt.run(droplet_region=region)
    monkeypatch.setattr(command, "certify", lambda _: None)
    assert rebuilt.run(droplet_region="ams3", reserved_address="no") == 0
    assert rebuilt.done == []
    assert account.run(droplet_region="ams3", reserved_address="no") == []


@pytest.mark.parametrize("requests", [1, 3, 4, 6, 7, 8, 9, 10])
def test_in_the_middle_of_a_move_the_owner_is_told_to_go_on(account: Ocean, requests: int) -> None:
    account.run()
    steps = Rebuild(account.cloud(), account.settings())
    steps.make()
    client = CutClient(account.url, FULL, after=requests)
    moving = Rebuild(account.cloud(client), account.settings())
    with pytest.raises(CutOffError):
        moving.move(steps.pair())
    before = account.things()
    said = ""
    try:
        account.run()
    except CloudError as error:
        said = error.message
    # Of fewer nothing has been moved yet, and of more all.
    middle = 4 <= requests <= 9
    assert (said != "", "To go on: make rebuild" in said) == (middle, middle)
    assert "doctl" not in said
    assert account.things() == before


@pytest.mark.parametrize("tag", ["freehold-next", "freehold-old"])
def test_of_a_rebuild_that_lost_one_the_owner_is_told_to_go_on(account: Ocean, tag: str) -> None:
    account.run()
    number, _ = live(account)
    account.account.state["droplets"][number]["tags"] = [tag]
    with pytest.raises(CloudError, match="To go on: make rebuild"):
        account.run()


def cut_off(rebuilt: Rebuilt, before: str, cut: int) -> bool:
    """One run that ends after so many requests; whether all was done by then."""
    account = rebuilt.account
    try:
        rebuilt.run(CutClient(account.url, FULL, after=cut))
    except CutOffError:
        droplets = account.account.state["droplets"]
        assert len(droplets) <= 2
        # With its last request answered it has nothing left for the next run to find.
        return before not in droplets and [one["tags"] for one in droplets.values()] == [
            ["freehold"]
        ]
    return True


@pytest.mark.slow
@given(cuts=st.lists(st.integers(1, 60), min_size=1, max_size=4), gone=st.booleans())
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(cuts=[24], gone=True)
@example(cuts=[27], gone=True)
@example(cuts=[30], gone=True)
def test_wherever_it_is_cut_off_the_next_one_goes_on(cuts: list[int], gone: bool) -> None:
    with (
        TemporaryDirectory() as folder,
        ocean(Path(folder)) as account,
        pytest.MonkeyPatch.context() as patch,
    ):
        account.run()
        before, whole = live(account), account.things()
        if gone:
            account.ask("DELETE", f"/v2/droplets/{before[0]}")
        rebuilt = Rebuilt(account, patch)
        if not any(cut_off(rebuilt, before[0], cut) for cut in cuts):
            rebuilt.run()
        after = live(account)
        # The one that was made first, and never a second one beside it.
        made = {one for one in rebuilt.done if one.startswith("deploy")}
        assert made == {f"deploy {after[0]}"}
        assert {*rebuilt.begun} == {int(after[0])}
        assert after[0] != before[0]
        assert after[1] == before[1]
        assert account.things() == whole
        assert account.run() == []


def test_what_stops_the_names_does_not_stop_the_next_rebuild_from_going_on(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    lost, _ = live(account)
    account.ask("DELETE", f"/v2/droplets/{lost}")
    rebuilt, made = Rebuilt(account, monkeypatch), list[str]()
    # Made while the new one is deployed to.
    monkeypatch.setattr(command, "catch_up", lambda _: made.append(foreign_record(account)))
    with pytest.raises(CloudError, match="was not made here"):
        rebuilt.run()
    account.ask("DELETE", made[0])
    assert rebuilt.run() == 0
    number, _ = live(account)
    assert rebuilt.done == [f"deploy {number}"]
    assert len(made) == 1


def foreign_record(account: Ocean) -> str:
    """A record that somebody else makes at the site's name; its path."""
    path = "/v2/domains/example.org/records"
    foreign = {"type": "A", "name": "blog", "data": "203.0.113.9", "ttl": 1800}
    return f"{path}/{account.ask('POST', path, foreign)['domain_record']['id']}"


@pytest.mark.parametrize("gone", [True, False])
@pytest.mark.parametrize("what", ["names", "uptime"])
def test_what_would_be_refused_at_the_end_is_told_before_anything_is_bought(
    account: Ocean, monkeypatch: pytest.MonkeyPatch, what: str, gone: bool
) -> None:
    account.run()
    if gone:
        account.ask("DELETE", f"/v2/droplets/{live(account)[0]}")
    if what == "names":
        foreign_record(account)
    else:
        (check,) = account.account.state["checks"].values()
        check["target"] = "https://other.example.org/"
    before = account.things()
    rebuilt = Rebuilt(account, monkeypatch)
    words = {"names": "was not made here", "uptime": "Give it another name"}
    with pytest.raises(CloudError, match=words[what]):
        rebuilt.run()
    assert (rebuilt.done, account.things()) == ([], before)


def test_an_address_of_which_nothing_tells_is_asked_for_before_anything_is_bought(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run(manage_dns=False)
    lost, address = live(account)
    account.ask("DELETE", f"/v2/droplets/{lost}")
    before = account.things()
    rebuilt = Rebuilt(account, monkeypatch)
    with pytest.raises(CloudError, match=f"{address} leads nowhere, and nothing tells"):
        rebuilt.run(manage_dns=False)
    assert (rebuilt.done, account.things()) == ([], before)
    monkeypatch.setattr(command, "certify", lambda _: None)
    assert rebuilt.run(manage_dns=False, reserved_address=address) == 0
    assert live(account)[1] == address


def test_cut_off_after_the_old_one_went_the_next_one_only_ends_it(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    assert Rebuilt(account, monkeypatch, typed="no").run() == 0
    rebuilt = Rebuilt(account, monkeypatch)

    class Cut(CutClient):
        def delete(self, path: str, body: dict[str, Any] | None = None) -> None:
            super().delete(path, body)
            if path.startswith("/v2/droplets/"):
                raise CutOffError

    with pytest.raises(CutOffError):
        rebuilt.run(Cut(account.url, FULL))
    assert account.things()["droplets"] == 1
    assert rebuilt.run() == 0
    assert rebuilt.done == []
    live(account)


def test_while_it_moves_nothing_is_restored_onto_the_new_one(
    account: Ocean, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.run()
    rebuilt = Rebuilt(account, monkeypatch)

    class Cut(CutClient):
        def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = super().post(path, body)
            if path.startswith("/v2/reserved_ips/"):
                raise CutOffError
            return answer

    with pytest.raises(CutOffError):
        rebuilt.run(Cut(account.url, FULL))
    done = [*rebuilt.done]
    assert done[-1] == "carry over"
    assert rebuilt.run() == 0
    assert rebuilt.done == done
    live(account)
