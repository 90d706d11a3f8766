"""A droplet is lost, and a fresh one begins with its backup: minutes by phase, and what came back.

`make bench-restore`, on the droplet for tests, which is unplugged meanwhile; writes
benchmarks/results/restore.md.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import result
from benchmarks.deploy import timed_run
from emulator import Droplet, current
from emulator.errors import EmulatorError
from tests.containers import container
from tests.outside import Outside
from tests.runs import PROJECT, deploy, run
from tests.waiting import wait_until_stored

DOMAIN = "blog.test"
# A disk that is carried from the old droplet to the new one stands for a place elsewhere.
DISK = "/mnt/backup"
IN_THE_DUMP, AFTER_IT = 200, 50
COUNT = "select count(*) from events"


@dataclass(frozen=True)
class Seen:
    """What an owner can compare."""

    events: int
    certificate: str
    release: str
    statistics: str

    @classmethod
    def of(cls, droplet: Droplet) -> "Seen":
        """As it is now; Trouble of any kind ends the benchmark."""
        asked = f'docker exec {container("db")} psql -U analytics -At -c "{COUNT}"'
        stats = run(sys.executable, "-m", "commands.stats", "--limit", "emulated")
        if stats.code:
            sys.exit(stats.said)
        return cls(
            events=int(droplet.run(asked)),
            certificate=hashlib.sha256(_outside(droplet).certificate()).hexdigest()[:16],
            release=droplet.run("basename $(readlink /srv/www/current)").strip(),
            statistics=stats.stdout,
        )


def _outside(droplet: Droplet) -> Outside:
    ports = droplet.ports
    assert ports  # noqa: S101 - it runs
    return Outside(DOMAIN, ports)


def _send(droplet: Droplet, count: int, name: str) -> None:
    outside = _outside(droplet)
    for number in range(count):
        answer = outside.send_event(name=name, url=f"https://{DOMAIN}/page-{number % 20}")
        if answer.status != 202:
            sys.exit(f"An event was answered {answer.status}.")
    wait_until_stored(droplet, name, count)


def _carry(old: Droplet, disk: Path) -> None:
    with disk.open("wb") as file:
        packing = old.login.command("tar", "-C", DISK, "-c", ".")
        subprocess.run(packing, check=True, stdout=file)


def _plug_in(new: Droplet, disk: Path) -> None:
    new.run("mkdir", "-p", DISK)
    with disk.open("rb") as file:
        subprocess.run(new.login.command("tar", "-C", DISK, "-x"), check=True, stdin=file)


@contextmanager
def _fresh() -> Iterator[Droplet]:
    """Another droplet in the place of the one that runs, until the end."""
    was = os.environ.get("FREEHOLD_EMULATOR")
    os.environ["FREEHOLD_EMULATOR"] = str(PROJECT / ".cache" / "restore-droplet")
    droplet = current()
    droplet.destroy()
    try:
        yield droplet
    finally:
        droplet.destroy()
        del os.environ["FREEHOLD_EMULATOR"]
        if was is not None:
            os.environ["FREEHOLD_EMULATOR"] = was


def measure(old: Droplet, folder: Path) -> tuple[Seen, Seen, dict[str, float]]:
    """Before and after the loss, and the seconds of each phase."""
    backed_up = [f"backup_repository={DISK}", f"backup_key={folder / 'key'}"]
    told = [word for one in backed_up for word in ("--data", one)]
    old.run("mkdir", "-p", DISK)
    print("The old droplet gets a place for backups …", flush=True)
    done = deploy("--limit", "emulated", *told)
    if done.code:
        sys.exit(done.said)
    _send(old, IN_THE_DUMP, "in the dump")
    old.run("freehold-backup", "backup")
    _send(old, AFTER_IT, "after the dump")
    old.run("freehold-backup", "spool")
    before = Seen.of(old)
    _carry(old, folder / "disk")
    old.power_cut()
    with _fresh() as new:
        began = time.monotonic()
        new.up()
        seconds = {"Boot": time.monotonic() - began}
        _plug_in(new, folder / "disk")
        phases, _, _ = timed_run(*told, "--data", "restore=latest")
        seconds |= phases
        began = time.monotonic()
        wait_until_stored(new, "after the dump", AFTER_IT)
        seconds["Until what came after the dump is counted"] = time.monotonic() - began
        return before, Seen.of(new), seconds


def _figures(before: Seen, after: Seen, seconds: dict[str, float]) -> list[str]:
    """The lines of the result: two tables."""
    same = "the same" if after.statistics == before.statistics else "**differs**"
    compared = {
        "events": (f"{before.events:,}", f"{after.events:,}"),
        "served certificate (its SHA-256)": (before.certificate, after.certificate),
        "site release": (before.release, after.release),
        "what `make stats` prints": (f"{len(before.statistics.splitlines())} lines", same),
    }
    return [
        f"{IN_THE_DUMP} events before the backup and {AFTER_IT} after it, in the spool's own;"
        " then the plug is pulled, and what is left is the disk with the backups.",
        "",
        "| | before | after |",
        "|---|---|---|",
        *(f"| {what} | {one} | {two} |" for what, (one, two) in compared.items()),
        "",
        "| phase | minutes |",
        "|---|---:|",
        *(f"| {name} | {took / 60:.1f} |" for name, took in seconds.items()),
        f"| **total** | **{sum(seconds.values()) / 60:.1f}** |",
    ]


def main() -> int:
    """0 when all is as it was."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    droplet = current()
    if not droplet.pid:
        sys.exit("This needs the droplet for tests. Type: make bench-restore")
    with tempfile.TemporaryDirectory() as folder:
        try:
            before, after, seconds = measure(droplet, Path(folder))
        except EmulatorError as error:
            sys.exit(f"emulator: {error}")
        finally:
            droplet.up()
            # Without the backups of this benchmark.
            deploy("--limit", "emulated")
    result.write(
        "restore",
        "A fresh droplet from a backup",
        "make bench-restore",
        result.on_a_droplet(droplet),
        _figures(before, after, seconds),
    )
    return 0 if before == after else 1


if __name__ == "__main__":
    sys.exit(main())
