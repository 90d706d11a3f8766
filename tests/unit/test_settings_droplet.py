"""The settings of the droplet: what Digital Ocean could be asked for, and what could never be."""

from pathlib import Path

import pytest

from settings.load import SettingsError, settings_of
from tests.unit.settings_lab import right


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("droplet_region", "Frankfurt am Main", "a name as Digital Ocean has it"),
        ("droplet_size", "1 GB", "a name as Digital Ocean has it"),
        ("droplet_image", "debian-12-x64", "Freehold needs Debian 13"),
        ("droplet_tag", "two words", "one word"),
        ("droplet_name", "blog_1", "hyphens"),
        ("reserved_address", "maybe", '"yes" (one is reserved)'),
        ("reserved_address", "2001:db8::1", '"yes" (one is reserved)'),
        ("uptime_email", "you@blog.example", "uptime_check = True"),
        ("manage_dns", "no", "True or False"),
    ],
)
def test_what_could_never_be(tmp_path: Path, name: str, value: object, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(right(tmp_path) | {name: value})
    assert name in str(caught.value)
    assert words in str(caught.value)


def test_a_mailbox_is_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="uptime_email"):
        settings_of(right(tmp_path) | {"uptime_check": True, "uptime_email": "you"})


def test_it_can_be_reached_by_who_deploys(tmp_path: Path) -> None:
    described = right(tmp_path) | {"ssh_allowed_from": ["2001:db8:1::/48"]}
    assert "ip" not in settings_of(described).ssh_networks
    with pytest.raises(SettingsError, match="over IPv4, and ssh_allowed_from has no such network"):
        settings_of(described | {"droplet_region": "fra1"})


def test_the_droplet_is_called_as_the_host_is(tmp_path: Path) -> None:
    described = right(tmp_path)
    assert settings_of(described).droplet_name == "blog.test"
    assert settings_of(described | {"hostname": "blog"}).droplet_name == "blog"
    assert settings_of(described | {"droplet_name": "web-1"}).droplet_name == "web-1"


@pytest.mark.parametrize(
    ("more", "issuer"),
    [
        ({}, "letsencrypt.org"),
        ({"acme_server": "letsencrypt-staging"}, "letsencrypt.org"),
        ({"acme_server": "https://dv.acme-v02.api.pki.goog/directory"}, "pki.goog"),
        ({"acme_server": "https://authority.example/dir"}, ""),
        ({"certificate_mode": "selfsigned"}, ""),
    ],
)
def test_whom_a_caa_record_names(tmp_path: Path, more: dict[str, object], issuer: str) -> None:
    assert settings_of(right(tmp_path) | more).caa_issuer == issuer
