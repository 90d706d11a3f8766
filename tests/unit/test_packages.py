"""Packages that a run was cut off at are repaired before anything else."""

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from facts.packages import Packages
from operations import packages as module
from operations.packages import packages

REPAIR = "dpkg --configure -a"
STATES = {
    "rsync": "install ok installed",
    "nftables": "hold ok installed",
    "needrestart": "install ok half-configured",
    "openssl": "install ok unpacked",
    "debsums": "deinstall ok config-files",
    "rsyslog": "purge ok half-installed",
}


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="needs a Debian")
def test_what_is_there_is_known_half_of_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "updates").mkdir()
    (tmp_path / "status").write_text(
        "\n".join(
            f"Package: {name}\nStatus: {state}\nMaintainer: nobody\nArchitecture: all\n"
            f"Version: 1\nDescription: none\n"
            for name, state in STATES.items()
        )
    )
    monkeypatch.setenv("DPKG_ADMINDIR", str(tmp_path))
    done = subprocess.run(
        ["sh", "-c", Packages().command()], capture_output=True, text=True, check=True
    )
    assert Packages().process(done.stdout.splitlines()) == {
        "rsync": True,
        "nftables": True,
        "needrestart": False,
        "openssl": False,
        "rsyslog": False,
    }


def _commands(there: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done; apt's own operation asks the host again, so only its name stands here."""
    host = SimpleNamespace(get_fact=lambda _: there, log=lambda _: None, noop=lambda _: None)
    monkeypatch.setattr(module, "host", host)
    installs = SimpleNamespace(_inner=lambda packages, **_: [f"install {' '.join(packages)}"])
    monkeypatch.setattr(module, "apt", SimpleNamespace(packages=installs))
    return list(map(str, packages._inner(names=["rsync"], unwanted=["rsyslog"])))


def test_nothing_is_done_when_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _commands({"rsync": True, "nano": False}, monkeypatch) == []


@pytest.mark.parametrize("rsync", [{"rsync": True}, {"rsync": False}, {}])
@pytest.mark.parametrize("whole", [True, False])
def test_the_repair_is_before_the_purge(
    rsync: dict[str, bool], whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """apt does nothing where dpkg was interrupted."""
    repair, purge, *more = _commands(rsync | {"rsyslog": whole}, monkeypatch)
    assert REPAIR in repair
    assert "purge --yes rsyslog" in purge
    assert more == ([] if rsync.get("rsync") else ["install rsync"])
    # Of a purge no list is needed, and its server may be away.
    assert ("apt-get update" in repair) == bool(more)


def test_the_repair_is_before_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    repair, install = _commands({"rsync": False}, monkeypatch)
    assert f"{REPAIR} && apt-get update" in repair
    assert install == "install rsync"
