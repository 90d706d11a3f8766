"""What the facts read, by their own commands in a real shell."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

from deploys.site import digests, prepare
from facts.applied import Applied, digest_command
from facts.holds import Holds
from facts.machine import Machine
from facts.tree import Tree


def _read(fact: Any, **arguments: Any) -> Any:  # noqa: ANN401 # each fact has its own type
    """The fact as pyinfra gets it: default for no output, and never a failure."""
    made = fact()
    done = subprocess.run(
        ["sh", "-c", made.command(**arguments)], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    return made.process(lines) if lines else made.default()


def test_a_tree_is_read_with_modes_owners_and_digests(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    file = tmp_path / "below" / "a name with spaces.conf"
    file.write_text("content\n")
    file.chmod(0o640)
    (tmp_path / "link").symlink_to("below")
    found = _read(Tree, path=str(tmp_path))
    digest = hashlib.sha256(b"content\n").hexdigest()
    owner = f"{file.owner()}:{file.group()}"
    assert found.pop("below/a name with spaces.conf") == f"640 {owner} {digest}"
    # A link is no file of ours, whatever it points to.
    assert set(found) == {"link"}


def test_a_missing_folder_is_an_empty_tree(tmp_path: Path) -> None:
    assert _read(Tree, path=str(tmp_path / "none")) == {}


def test_a_question_is_answered() -> None:
    assert _read(Holds, condition="[ 1 = 1 ]") is True
    assert _read(Holds, condition="[ 1 = 2 ] || false") is False
    assert _read(Holds, condition="[ 1 = 2 ] || true") is True


def test_the_machine_is_measured() -> None:
    machine = _read(Machine)
    assert machine.system.split()[0].isalpha()
    assert machine.memory > 0
    assert machine.disk_free > 0


def test_what_was_never_applied_is_not_current(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    state = _read(Applied, what="never-applied-anywhere", paths=[str(file)], state="echo on")
    assert state.applied is None
    assert not state.is_current


def test_files_and_running_state_are_both_compared(tmp_path: Path) -> None:
    file = tmp_path / "file"

    def digest(content: str | None, state: str) -> str:
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_text(content)
        command = digest_command([str(file)], state)
        return subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=True
        ).stdout

    assert digest("1", "echo on") == digest("1", "echo on")
    different = {digest("1", "echo on"), digest("2", "echo on"), digest("1", "echo off")}
    assert len(different | {digest(None, "echo on")}) == 4


def test_the_host_lists_a_site_as_this_machine_does(tmp_path: Path) -> None:
    site, staging = tmp_path / "site", tmp_path / "staging"
    (site / "posts").mkdir(parents=True)
    for name in ("index.html", "posts/index.html", "Über uns.html", "Z.txt", "a.txt"):
        (site / name).write_text(f"{name}\n" * 100)
    (site / "picture.png").write_bytes(bytes(range(256)) * 4)
    prepare(site, staging)
    for path in staging.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    compressed = {path.name for path in staging.rglob("*.gz")}
    assert compressed == {"index.html.gz", "Über uns.html.gz", "Z.txt.gz", "a.txt.gz"}
    content, listing = digests(staging)
    listed = subprocess.run(
        [
            *("sh", "-c"),
            "find . -type f -printf '%P %s %m\\n' | LC_ALL=C sort | sha256sum | cut -c1-12",
        ],
        cwd=staging,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert listed == listing
    prepare(site, staging)
    assert digests(staging) == (content, listing), "an unchanged site is the same at any time"
    (site / "a.txt").write_text("A.txt\n" * 100)
    prepare(site, staging)
    assert digests(staging)[0] != content
