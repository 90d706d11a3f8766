"""The host's certificate program: what is served meanwhile, and how it is replaced."""

import threading
from pathlib import Path

import pytest

from freehold_certificate import certificates, force, order
from freehold_certificate.config import Config
from freehold_host.trouble import Trouble
from tests.unit.certificate_lab import NAMES, config, lineage, program, put
from tests.unit.settings_lab import DAY, NOW


def test_what_is_served_until_there_is_a_trusted_one(tmp_path: Path) -> None:
    host = config(tmp_path)
    with pytest.raises(Trouble):
        order.prepare(host, NOW)
    put(host.tls / "selfsigned")
    put(host.tls / "live", end=NOW - DAY)
    order.prepare(host, NOW)
    assert certificates.same(host.acme, host.tls / "selfsigned"), "What has ended is of no use."
    put(host.tls / "live")
    order.prepare(host, NOW)
    assert certificates.same(host.acme, host.tls / "live")
    assert (host.acme / "privkey.pem").stat().st_mode & 0o777 == 0o600
    assert host.acme.stat().st_mode & 0o777 == 0o700
    # A name more is no reason to show visitors a warning for the others.
    assert order.servable(config(tmp_path, (*NAMES, "old.test")), NOW)
    assert not order.servable(config(tmp_path, ("other.test",)), NOW)


def test_a_copy_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    put(tmp_path / "source")
    (tmp_path / "target.new").mkdir()
    (tmp_path / "target.new" / "privkey.pem").write_text("half")
    force.copy(tmp_path / "source", tmp_path / "target")
    assert certificates.same(tmp_path / "source", tmp_path / "target")
    assert not (tmp_path / "target.new").exists()


@pytest.mark.parametrize(
    ("running", "image"), [("new\nold", "image-of-old"), ("", "nginx:1")], ids=["runs", "none"]
)
def test_nginx_checks_a_certificate_in_the_image_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: str, image: str
) -> None:
    """The image of the settings may be one that the last deploy failed on."""
    docker = f'[ $1 = ps ] && printf "{running}" || echo "image-of-$4"'
    program(tmp_path, "docker", docker, monkeypatch)
    program(tmp_path, "freehold-nginx", 'echo "$3" >&2; exit 1', monkeypatch)
    monkeypatch.setattr(force, "NGINX", "freehold-nginx")
    with pytest.raises(Trouble, match=f"serves the one before: {image} Type"):
        force.apply(config(tmp_path))


def test_who_puts_a_certificate_in_force_waits_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certbot's hook, which may not wait for the whole order that it is part of, also."""
    host = lineage(tmp_path)
    host.tls.mkdir(parents=True)
    copying, ended = threading.Event(), threading.Event()
    together: list[bool] = []

    def apply(_: Config) -> None:
        together.append(copying.is_set())
        copying.set()
        ended.wait(0.5)
        copying.clear()

    monkeypatch.setattr(force, "apply", apply)
    monkeypatch.setattr(force, "served", lambda _: "another")
    threads = [threading.Thread(target=force.deployed, args=(host,)) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert together == [False, False]
