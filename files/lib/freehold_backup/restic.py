"""Runs restic."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import NamedTemporaryFile
from typing import IO, Any

from freehold_backup import words
from freehold_backup.config import Config
from freehold_host.trouble import Trouble

# How long a place may take to answer; restic itself would try for a quarter of an hour.
_ANSWER_SECONDS = float(os.environ.get("FREEHOLD_ANSWER", "45"))
_LAST_WORDS_SECONDS = 5.0
# Another run of ours is kept out by our own lock. This is for the owner's own hand.
_PATIENCE = ("--retry-lock", os.environ.get("FREEHOLD_PATIENCE", "2m"))
# A proof reads for long, and lets nobody forget anything meanwhile.
_LONG_PATIENCE = ("--retry-lock", os.environ.get("FREEHOLD_PATIENCE", "2h"))


class RepositoryTrouble(Trouble):
    """The repository could not be used."""


class Missing(RepositoryTrouble):
    """There is no repository where one should be."""


class Locked(RepositoryTrouble):
    """Somebody holds the repository, or it looks so."""


def environment(config: Config) -> dict[str, str]:
    """What restic is told beside its arguments."""
    if not config.repository:
        raise RepositoryTrouble(words.NOWHERE)
    given = {
        "RESTIC_REPOSITORY": config.repository,
        "RESTIC_PASSWORD_FILE": str(config.key),
        "RESTIC_CACHE_DIR": str(config.cache),
        "RESTIC_PROGRESS_FPS": "0.1",
        # restic takes --time in the machine's zone.
        "TZ": "UTC",
        # It frees memory early and works on one processor: the machine is small and has a site.
        "GOGC": "20",
        "GOMAXPROCS": "1",
    }
    try:
        lines = (config.secrets / "environment").read_text().splitlines()
    except FileNotFoundError:
        lines = []
    for line in lines:
        name, found, value = line.partition("=")
        if found and not line.startswith("#"):
            given[name] = value
    return os.environ | given


def command(config: Config, *arguments: str, ssh_log: str = "") -> list[str]:
    """The whole command line.

    `ssh_log`: where ssh writes what it has to say, which restic can lose when it ends at once.
    """
    ssh: tuple[str, ...] = ()
    if config.repository.startswith("sftp:"):
        options = {
            "IdentityFile": str(config.secrets / "ssh_key"),
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": str(config.secrets / "known_hosts"),
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "ConnectTimeout": "20",
            "ServerAliveInterval": "30",
        }
        said = [f"-o{name}={value}" for name, value in options.items()]
        said += [f"-E{ssh_log}"] if ssh_log else []
        ssh = ("-o", f"sftp.args={' '.join(said)}")
    return ["restic", *ssh, *arguments]


def run(config: Config, *arguments: str, seconds: float | None = None, quiet: bool = True) -> str:
    """What restic prints; Trouble, in words for the owner, when it fails.

    `seconds`: how long it may take; it is ended gently then, so that it leaves no lock.
    """
    patience = () if "--no-lock" in arguments else _PATIENCE
    flags = ("--quiet",) if quiet else ()
    code, out, err = _finished(config, *flags, *patience, *arguments, seconds=seconds)
    check(config, code, err)
    return out


def _finished(
    config: Config, *arguments: str, seconds: float | None = None
) -> tuple[int, str, str]:
    """How it ended, and what it said."""
    with NamedTemporaryFile("r") as ssh_log:
        try:
            process = subprocess.Popen(
                command(config, *arguments, ssh_log=ssh_log.name),
                env=environment(config),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        except FileNotFoundError:
            raise Trouble("restic is not installed. Type: make deploy") from None
        with process:
            try:
                out, err = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
                out, err = process.communicate()
                err += "\ntimed out"
            except BaseException:
                process.send_signal(signal.SIGINT)
                raise
        return process.returncode, out, ssh_log.read() + err


def check(config: Config, code: int, said: str) -> None:
    """Raise Trouble unless it went well."""
    if code == 0:
        return
    kind = {words.MISSING: Missing, words.LOCKED: Locked}.get(code, RepositoryTrouble)
    raise kind(words.reason(code, said, config.repository))


def ask(config: Config, *arguments: str) -> Any:  # noqa: ANN401  (restic's JSON)
    """What restic says as JSON."""
    said = run(config, "--json", *arguments, quiet=False)
    try:
        return json.loads(said.strip().splitlines()[-1]) if said.strip() else None
    except ValueError:
        raise Trouble(f"restic said what is no JSON: {said[:200]}") from None


def identity(config: Config) -> str:
    """Which repository it is; Trouble when it can't be reached or opened, Missing when none is.

    The first thing in every run: it touches nothing and takes no lock.
    """
    said = run(config, "--no-lock", "cat", "config", seconds=_ANSWER_SECONDS, quiet=False)
    found: str = json.loads(said)["id"]
    return found


def store(config: Config, *arguments: str, tags: Sequence[str], time: str) -> None:
    """Make a snapshot."""
    tagged = [word for tag in tags for word in ("--tag", tag)]
    given = ("--host", config.domain, *tagged, "--time", time, "--no-scan", *arguments)
    done, out, err = _finished(config, "--json", *_PATIENCE, "backup", *given)
    if done == words.INCOMPLETE:
        # Not all could be read, and restic keeps what could: to others it looks like a whole one.
        snapshot = json.loads(out.strip().splitlines()[-1])["snapshot_id"]
        gone, _, why = _finished(config, "--quiet", *_LONG_PATIENCE, "forget", snapshot)
        check(config, gone, why)
    check(config, done, err)


@contextmanager
def reading(config: Config, snapshot: str, path: str) -> Iterator[IO[bytes]]:
    """One file of a snapshot, as a stream; Trouble at the end unless it was whole."""
    process = subprocess.Popen(
        command(config, "--quiet", *_PATIENCE, "dump", snapshot, path),
        env=environment(config),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - narrows a type
    assert process.stderr is not None  # noqa: S101
    with process:
        try:
            yield process.stdout
            process.stdout.close()
            # It ended with its output, and what it says of an error is short.
            said = process.stderr.read().decode(errors="replace")
            process.wait()
        except Trouble:
            # What came may not have been whole, and then the reason is here.
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(_LAST_WORDS_SECONDS)
                check(config, code, process.stderr.read().decode(errors="replace"))
            process.send_signal(signal.SIGINT)
            raise
        except BaseException:
            process.send_signal(signal.SIGINT)
            raise
    check(config, process.returncode, said)


def read_through(config: Config, snapshot: str, path: str) -> None:
    """Trouble unless all of a file, or of a folder, can be read and is what it was."""
    with reading(config, snapshot, path) as stream:
        while stream.read(1 << 20):
            pass
