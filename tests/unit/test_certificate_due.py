"""The host's certificate program: whether a certificate is right, and until when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from freehold_certificate import certificates, force, memory, order, status
from freehold_certificate import lineage as certbot_keeps
from freehold_certificate.certificates import Certificate
from freehold_certificate.config import read
from freehold_certificate.memory import Memory
from freehold_host.trouble import Trouble
from tests.unit.certificate_lab import NAMES, PARTS, alone, config, lineage, lived, program, put
from tests.unit.settings_lab import DAY, NOW, Key


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)


def test_a_certificate_is_read_as_it_is(tmp_path: Path) -> None:
    made = put(tmp_path)
    found = certificates.read(tmp_path)
    assert found
    assert int(found.serial, 16) == made.serial_number
    assert (found.begin, found.end) == (made.not_valid_before_utc, made.not_valid_after_utc)
    assert found.names == NAMES
    assert not found.selfsigned
    assert certificates.has_key(tmp_path, found)
    put(tmp_path / "other")
    (tmp_path / "other" / "privkey.pem").rename(tmp_path / "privkey.pem")
    assert not certificates.has_key(tmp_path, found)


@pytest.mark.parametrize("text", ["", "half a", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_none(tmp_path: Path, text: str) -> None:
    assert certificates.read(tmp_path) is None
    (tmp_path / "fullchain.pem").write_text(text)
    assert certificates.read(tmp_path) is None


def test_a_wildcard_stands_for_one_label() -> None:
    found = Certificate("1", NOW, NOW + DAY, ("*.blog.test",), False, "")
    wanted = ["www.blog.test", "blog.test", "a.b.blog.test"]
    assert found.missing(wanted) == ["blog.test", "a.b.blog.test"]


def test_settings_that_cannot_be_read_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "etc/freehold").mkdir(parents=True)
    for text in ("", "{}", '{"names": ["a.test"]}'):
        (tmp_path / "etc/freehold/certificate.json").write_text(text)
        with pytest.raises(Trouble, match="make deploy"):
            read(tmp_path)


def test_it_is_right_until_it_is_due(tmp_path: Path) -> None:
    host = lineage(tmp_path)
    assert order.is_right(host, NOW)
    assert order.is_right(host, NOW + 29 * DAY)
    assert not order.is_right(host, NOW + 31 * DAY)
    assert order.trusted(host, NOW + 31 * DAY), "It is still good."
    assert not order.trusted(host, NOW + 61 * DAY)
    # A deploy leaves the renewal to certbot's timer, until that is late.
    assert not order.is_wanting(host, NOW + 30.5 * DAY)
    assert order.is_wanting(host, NOW + 32 * DAY)


@pytest.mark.parametrize("file", [*(f"live/freehold/{part}.pem" for part in PARTS), "renewal"])
def test_it_is_not_right_when_certbot_can_not_go_on_from_it(tmp_path: Path, file: str) -> None:
    host = lineage(tmp_path)
    path = host.renewal if file == "renewal" else host.letsencrypt / file
    for damage in (lambda: path.write_text(""), path.unlink):
        damage()
        assert certbot_keeps.is_damaged(host)
        assert not order.is_right(host, NOW)
    assert not certbot_keeps.is_damaged(config(tmp_path / "fresh")), "There is nothing yet."


def test_a_certificate_without_its_key_is_not_trusted(tmp_path: Path) -> None:
    host = lineage(tmp_path)
    assert order.trusted(host, NOW)
    (host.lineage / "privkey.pem").write_text("")
    assert not order.trusted(host, NOW)


@pytest.mark.parametrize("names", [("blog.test",), (*NAMES, "old.test"), ("other.test",)])
def test_it_is_not_right_for_other_names(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert not order.is_right(lineage(tmp_path, names=names), NOW)


KEYS: dict[str, Callable[[], Key]] = {
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("of", KEYS)
def test_it_is_right_with_a_key_of_the_wanted_type_alone(tmp_path: Path, of: str) -> None:
    host = lineage(tmp_path, key=KEYS[of]())
    for wanted in KEYS:
        other = replace(host, key_type=wanted)
        assert order.is_right(other, NOW) == (wanted == of)
        assert order.is_wanting(other, NOW) == (wanted != of)
        assert order.trusted(other, NOW), "Visitors need no other."
        assert (memory.key(other) == memory.key(host)) == (wanted == host.key_type)


def test_a_key_of_another_type_is_ordered_at_once(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = replace(lineage(tmp_path), key_type="rsa-2048")
    program(tmp_path, "certbot", f'echo "$*" >>{tmp_path}/asked', monkeypatch)
    order.issue(host, print)
    asked = (tmp_path / "asked").read_text()
    assert "--key-type rsa --rsa-key-size 2048" in asked
    assert "--force-renewal" in asked
    assert "--dry-run" not in asked, "The names are known."


def test_it_is_not_right_of_another_authority(tmp_path: Path) -> None:
    staging = "https://acme-staging-v02.api.letsencrypt.org/directory"
    assert not order.is_right(lineage(tmp_path, server=staging), NOW)


@pytest.mark.parametrize(
    ("life", "due"), [(90, 1 / 3), (45, 1 / 3), (10, 1 / 3), (160 / 24, 1 / 2), (1, 1 / 2)]
)
def test_when_it_is_due_is_a_share_of_its_life(life: float, due: float) -> None:
    assert lived(timedelta(days=life), 1).due == due


@pytest.mark.parametrize("days", [90, 45, 160 / 24, 1])
def test_no_certificate_is_an_error_before_its_renewal_had_a_chance(days: float) -> None:
    life = timedelta(days=days)
    found = lived(life, 1)
    assert 0 < found.late <= 1 / 3
    assert found.due - found.late >= min(DAY / life, 1 / 12) - 1e-9


@pytest.mark.parametrize(
    ("left", "state"), [(1, "ok"), (0.4, "ok"), (0.33, "ok"), (0.3, "error"), (-0.1, "error")]
)
def test_the_age_of_a_certificate_of_90_days(tmp_path: Path, left: float, state: str) -> None:
    assert status.age(config(tmp_path), lived(90 * DAY, left), NOW).state == state


@pytest.mark.parametrize(("left", "state"), [(0.34, "ok"), (0.33, "error")])
def test_an_owners_certificate_is_late_at_a_third(tmp_path: Path, left: float, state: str) -> None:
    """No timer is given its time: nobody but the owner renews it."""
    host = config(tmp_path, mode="provided")
    assert status.age(host, lived(90 * DAY, left), NOW).state == state


def test_a_failure_is_of_the_past_when_another_order_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when an alias is removed again, whose order has failed."""
    more, host = config(tmp_path, (*NAMES, "old.test")), lineage(tmp_path)
    put(host.tls / "live")
    monkeypatch.setattr(force, "served", lambda _: "")
    monkeypatch.setattr(force, "deployed", lambda _: False)
    with pytest.raises(Trouble):
        order.fail(more, "No address.")
    assert any("No address." in row.text for row in status.rows(more, NOW))
    assert not any("No address." in row.text for row in status.rows(host, NOW))


def test_asking_anew_forgets_a_failure_when_all_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = lineage(tmp_path)
    monkeypatch.setattr(force, "deployed", lambda _: False)
    with pytest.raises(Trouble):
        order.fail(host, "No address.")
    order.issue(host, print, now_wanted=True)
    assert memory.recall(host) == Memory()


@pytest.mark.parametrize(("left", "state"), [(0.9, "warning"), (0.3, "error")])
def test_an_order_that_failed_is_worse_when_time_runs_out(left: float, state: str) -> None:
    told = status.failure(Memory().failed("No address.", "order", NOW, None), left)
    assert told
    assert told.state == state
    assert f"({NOW:%Y-%m-%d %H:%M} UTC): No address." in told.text
    assert status.failure(Memory(), left) is None


@pytest.mark.parametrize(
    ("mode", "names", "selfsigned", "state", "text"),
    [
        ("acme", NAMES, False, "ok", "acme"),
        ("acme", NAMES, True, "error", "the authority has given none yet"),
        ("selfsigned", NAMES, True, "ok", "selfsigned"),
        ("provided", NAMES[:1], False, "error", "does not cover www.blog.test."),
    ],
)
def test_whom_browsers_trust(
    tmp_path: Path, mode: str, names: tuple[str, ...], selfsigned: bool, state: str, text: str
) -> None:
    live = replace(lived(90 * DAY, 1), names=names, selfsigned=selfsigned)
    told = status._trust(config(tmp_path, mode=mode), live)
    assert told.state == state
    assert text in told.text
