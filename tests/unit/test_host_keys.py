"""The host keys of droplets: whose key is whose, of two that have one name."""

from pathlib import Path

import pytest

from digitalocean import host_keys
from digitalocean.host_keys import Pins, beside, born_with, made_for
from digitalocean.hosts import reached

NAME = "blog"
OLD, NEW = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def made(tmp_path: Path) -> str:
    """A droplet is being made beside another, which has had a key of its own for long."""
    _, born = made_for(beside(NAME), tmp_path)
    Pins(tmp_path).set([OLD], ["ssh-ed25519 AAAAold"])
    Pins(tmp_path).set([NEW], [born])
    return born


def test_a_key_is_replaced_on_the_droplet_alone_that_was_born_with_it(
    made: str, tmp_path: Path
) -> None:
    assert "_born_host_key" not in reached(NAME, OLD, tmp_path)
    assert reached(NAME, NEW, tmp_path)["_born_host_key"] == made


def test_when_it_was_replaced_no_other_droplets_key_is_forgotten(made: str, tmp_path: Path) -> None:
    _, other = made_for(NAME, tmp_path)
    host_keys.replaced(other, tmp_path)
    assert born_with(NAME, tmp_path) == ""
    assert born_with(beside(NAME), tmp_path) == made
    host_keys.replaced(made, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["known_hosts"]


@pytest.mark.parametrize("shown", ["born", "own"])
def test_cut_off_while_it_was_replaced_what_the_droplet_shows_counts(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: str
) -> None:
    own = "ssh-ed25519 AAAAnew"
    Pins(tmp_path).set([NEW], [own, made])
    key = made if shown == "born" else own
    monkeypatch.setattr(host_keys, "_shown_by", lambda _: [key])
    data = reached(NAME, NEW, tmp_path)
    assert Pins(tmp_path).of(NEW) == [key]
    assert data.get("_born_host_key") == (made if shown == "born" else None)
    # Or it would be pinned again, for a droplet that shows it no more.
    assert bool(born_with(beside(NAME), tmp_path)) == (shown == "born")
