"""Which QEMU runs a droplet."""

from pathlib import Path

import pytest

from emulator.qemu import Qemu, qemu


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache, and a folder whose QEMU is the one of this machine."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "bin").mkdir()
    return tmp_path


def _install(folder: Path, version: str) -> None:
    program = folder / "bin" / "qemu-system-x86_64"
    program.write_text(f"#!/bin/sh\necho 'QEMU emulator version {version} (Debian 1:{version})'\n")
    program.chmod(0o755)


@pytest.mark.parametrize("version", ["10.0.2", "11.1.0"])
def test_a_new_one_is_used_as_it_is(installed: Path, version: str) -> None:
    _install(installed, version)
    assert qemu("tcg", installed) == Qemu()


def test_with_kvm_any_is_fast_enough(installed: Path) -> None:
    _install(installed, "7.2.22")
    assert qemu("kvm", installed) == Qemu()


def test_instead_of_an_old_one_that_of_the_cache_is_called(installed: Path) -> None:
    _install(installed, "7.2.22")
    (installed / "qemu-trixie").mkdir()
    found = qemu("tcg", installed)
    assert str(installed / "qemu-trixie/usr/bin/qemu-system-x86_64") in found.command
    assert found.environment["QEMU_MODULE_DIR"].startswith(str(installed / "qemu-trixie"))
