"""Where SSH may be reached from: what is accepted, said of the rest, and made rules of."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.errors import SettingsError
from settings.faults import Fault
from settings.load import settings_of
from settings.networks import holds, joined, networks
from settings.render import render
from tests.unit.settings_lab import right


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_an_address_is_right_and_holds_itself_unless_nobody_comes_from_it(address: object) -> None:
    text = str(address)
    try:
        networks([text])
    except Fault as fault:
        nobody = fault.sentences
        assert "Nobody comes" in nobody[0] or "IPv6's clothes" in nobody[0]
    else:
        assert holds([text], text)


@given(st.text(max_size=60))
def test_no_text_gets_a_traceback_or_breaks_out_of_the_rules(text: str) -> None:
    said: tuple[str, ...] = ()
    try:
        networks([text])
    except Fault as fault:
        said = fault.sentences
    assert said or set(text) <= set("0123456789abcdefABCDEF.:/")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["203.0.113.7/24"], "203.0.113.0/24, or 203.0.113.7"),
        (["2001:db8::7/32"], "2001:db8::/32, or 2001:db8::7"),
        (["203.0.113.0/255.255.255.0"], "length of its prefix: 203.0.113.0/24"),
        (["0.0.0.0/0"], "everybody"),
        (["::/0"], "everybody"),
        (["127.0.0.1"], "Nobody"),
        (["::1"], "Nobody"),
        (["ff02::1"], "Nobody"),
        (["::ffff:203.0.113.7"], "IPv4"),
        (["home.example"], "an address or a network"),
        (["203.0.113.300"], "an address or a network"),
        (["203.0.113.7/33"], "an address or a network"),
        ([""], "an address or a network"),
        (["203.0.113.7 } accept"], "an address or a network"),
        (["fe80::1%eth0"], "interface"),
        (["fe80::1% } accept"], "interface"),
        (["203.0.113.7", "203.0.113.7"], "twice"),
    ],
)
def test_what_is_not_a_network(wrong: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ssh_allowed_from") as caught:
        settings_of(right(tmp_path) | {"ssh_allowed_from": wrong})
    assert said in str(caught.value)


def test_overlaps_are_joined_for_nftables_refuses_them() -> None:
    given = ["203.0.113.7", "203.0.113.0/24", "2001:db8::/33", "2001:db8:8000::/33"]
    assert joined(given, 4) == ("203.0.113.0/24",)
    assert joined(given, 6) == ("2001:db8::/32",)


def test_who_is_held() -> None:
    given = ["203.0.113.0/24", "2001:db8::/32"]
    assert holds(given, "203.0.113.7")
    assert holds(given, "::ffff:203.0.113.7"), "as a server says that hears IPv4 on IPv6's socket"
    assert holds(given, "2001:db8::7%eth0")
    assert not holds(given, "198.51.100.7")
    assert not holds(given, "2001:db9::7")


def test_the_rules_open_ssh_to_the_listed_only(tmp_path: Path) -> None:
    listed = {"ssh_allowed_from": ["203.0.113.7", "2001:db8:1::/48"]}
    rules = render("nftables.conf.j2", settings_of(right(tmp_path) | listed))
    lines = [line.strip() for line in rules.splitlines() if " 22" in line and "#" not in line]
    assert lines == [
        "ip saddr { 203.0.113.7/32 } tcp dport 22 accept",
        "ip6 saddr { 2001:db8:1::/48 } tcp dport 22 accept",
    ]
    assert "tcp dport { 80, 443 } accept" in rules


@pytest.mark.parametrize(
    ("reboot", "rebuild"), [("04:00", "04:30"), ("23:45", "00:15"), ("00:00", "00:30")]
)
def test_images_are_rebuilt_after_a_reboot(reboot: str, rebuild: str, tmp_path: Path) -> None:
    settings = settings_of(right(tmp_path) | {"reboot_time": reboot})
    timer = render("systemd/freehold-rebuild.timer.j2", settings)
    assert f"OnCalendar=Sun *-*-* {rebuild}:00\n" in timer
