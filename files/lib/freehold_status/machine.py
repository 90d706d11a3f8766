"""The machine below the services: what is full, what has failed, what waits for a boot."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from freehold_host.rows import Row, worst
from freehold_status import ages
from freehold_status.config import Config

_MB = 1024 * 1024
# A deploy wants 500 MB, and below 256 MB events are refused.
_DISK = 1024 * _MB, 512 * _MB
_FILES_LEFT = 0.05, 0.02
_MEMORY_LEFT = 0.08, 0.04
_SWAP_LEFT = 0.2, 0.05
# The clock is asked for soon after a boot.
_CLOCK_PATIENCE = 30 * ages.MINUTE
# And then every 34 minutes at the latest.
_CLOCK_COMPARED = 6 * ages.HOUR
_USAGE = "make ssh, and there: du -xh / | sort -h | tail -n 20"
_MEMORY_USAGE = "make ssh, and there: systemd-cgtop --order=memory --iterations=1"


def rows(config: Config) -> Iterator[Row]:
    """All that there is to say of it."""
    yield _disk(config.root)
    yield from _memory(config.root)
    yield from _units()
    yield _reboot(config)
    yield _clock(config.root)


def _state(left: float, limits: tuple[float, float]) -> str:
    return "ok" if left >= limits[0] else "warning" if left >= limits[1] else "error"


def _disk(root: Path) -> Row:
    # Docker's volumes, wherever these are mounted from; else the root itself.
    place = root / "var/lib/docker"
    found = os.statvfs(place if place.exists() else root)
    free, size = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    files_left = found.f_favail / found.f_files if found.f_files else 1.0
    state = worst((_state(free, _DISK), _state(files_left, _FILES_LEFT)))
    text = f"{free / 1e9:.1f} of {size / 1e9:.1f} GB free"
    if files_left < _FILES_LEFT[0]:
        text += f", and room for {found.f_favail:,} files more"
    return Row("disk", state, text, "" if state == "ok" else _USAGE)


def _memory(root: Path) -> Iterator[Row]:
    known = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines())
    kb = {name: int(value.split()[0]) for name, value in known.items()}
    left = kb["MemAvailable"] / kb["MemTotal"]
    state = _state(left, _MEMORY_LEFT)
    text = f"{kb['MemAvailable'] // 1024} of {kb['MemTotal'] // 1024} MB available"
    yield Row("memory", state, text, "" if state == "ok" else _MEMORY_USAGE)
    if not kb["SwapTotal"]:
        yield Row("swap", "ok", "there is none")
        return
    state = _state(kb["SwapFree"] / kb["SwapTotal"], _SWAP_LEFT)
    text = f"{kb['SwapFree'] // 1024} of {kb['SwapTotal'] // 1024} MB free"
    yield Row("swap", state, text, "" if state == "ok" else _MEMORY_USAGE)


def _units() -> Iterator[Row]:
    """Each that has failed is a row, so that one more is news."""
    asked = subprocess.run(
        ["systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        text = f"systemd does not answer: {asked.stderr.strip()}"
        yield Row("units", "error", text, "make ssh, and there: systemctl --failed")
        return
    failed = [line.split()[0] for line in asked.stdout.splitlines() if line.strip()]
    if not failed:
        yield Row("units", "ok", "none has failed")
    for unit in failed:
        advice = f"make ssh, and there: systemctl status {unit}"
        yield Row(f"unit {unit}", "error", "It has failed.", advice)


def _reboot(config: Config) -> Row:
    asked_for = ages.of(config.root / "run/reboot-required")
    if asked_for is None:
        return Row("reboot", "ok", "none is due")
    text = f"an update has asked for one {ages.words(asked_for)} ago; it is at"
    text += f" {config.reboot_time} UTC by itself"
    if asked_for < 1.5 * ages.DAY:
        return Row("reboot", "ok", text)
    return Row("reboot", "warning", f"{text}, and was not.", "make ssh, and there: reboot")


def _clock(root: Path) -> Row:
    # https://manpages.debian.org/trixie/systemd-timesyncd/systemd-timesyncd.service.8.en.html
    compared = ages.of(root / "run/systemd/timesync/synchronized")
    advice = "make ssh, and there: systemctl status systemd-timesyncd"
    if compared is not None:
        text = f"compared with others {ages.words(compared)} ago"
        if compared < _CLOCK_COMPARED:
            return Row("clock", "ok", text)
        return Row("clock", "warning", f"{text}, and not since.", advice)
    up = float((root / "proc/uptime").read_text().split()[0])
    text = f"it was not compared with others since the boot {ages.words(up)} ago"
    if up < _CLOCK_PATIENCE:
        return Row("clock", "ok", text)
    return Row("clock", "warning", f"{text}.", advice)
