"""Docker's repository is trusted by its one known key, and by no other that comes beside it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest

from operations import docker_repository as module

pytestmark = pytest.mark.skipif(not shutil.which("gpg"), reason="needs gpg")


class _Keys:
    """What gpg keeps in `folder`."""

    def __init__(self, folder: str) -> None:
        self.environment = os.environ | {"GNUPGHOME": folder}

    def run(self, *command: str) -> str:
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def make(self, name: str) -> tuple[str, str]:
        """A key with a subkey: its fingerprint, and what it is for others."""
        asked = ("gpg", "--batch", "--passphrase", "")
        self.run(*asked, "--quick-generate-key", name, "ed25519", "sign", "never")
        listed = self.run("gpg", "--with-colons", "--fingerprint", name)
        fingerprint = next(
            line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:")
        )
        self.run(*asked, "--quick-add-key", fingerprint, "ed25519", "sign", "never")
        return fingerprint, self.run("gpg", "--armor", "--export", fingerprint)


@pytest.fixture(scope="module")
def keys() -> Iterator[_Keys]:
    # Short, for the agent's socket is in it.
    with TemporaryDirectory(prefix="gpg-") as folder:
        made = _Keys(folder)
        yield made
        made.run("gpgconf", "--kill", "gpg-agent")


@pytest.fixture
def takes(
    keys: _Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], bool]:
    def ask(fingerprint: str, brought: str) -> bool:
        host = SimpleNamespace(get_fact=lambda *_, **__: False)
        monkeypatch.setattr(module, "host", host)
        monkeypatch.setattr(module, "FINGERPRINT", fingerprint)
        monkeypatch.setattr(module, "KEY", str(tmp_path / "docker.asc"))
        (tmp_path / "docker.asc.new").write_text(brought)
        (check,) = (one for one in module.docker_repository._inner() if "gpg --show" in one)
        done = subprocess.run(
            ["sh", "-c", check], env=keys.environment, capture_output=True, text=True, check=False
        )
        assert ("is not the known one" in done.stdout) == bool(done.returncode)
        return done.returncode == 0

    return ask


def test_the_known_key_alone_is_taken(keys: _Keys, takes: Callable[[str, str], bool]) -> None:
    (ours, our_key), (_, another) = keys.make("docker"), keys.make("another")
    both = keys.run("gpg", "--armor", "--export")
    assert takes(ours, our_key)
    assert not takes(ours, another)
    for brought in (both, our_key + another, another + our_key):
        assert not takes(ours, brought), "apt would trust the second key, too."
    assert not takes(ours, "<html>")
    assert not takes(ours, "")
