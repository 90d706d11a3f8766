"""What the inventory reads of a droplet: its name, its process, its ports and how to log in."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emulator.ports import Ports


class HostFile:
    """`host.json` of a droplet's folder: whole, or not there."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "host.json"

    def _read(self) -> dict[str, Any]:
        try:
            described = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return described if isinstance(described, dict) else {}

    @property
    def pid(self) -> int | None:
        """QEMU's process id at the last boot that was described."""
        return self._read().get("pid")

    @property
    def of(self) -> str:
        """The folder of the droplet that it is about, when that is another one; else nothing."""
        return str(self._read().get("of", ""))

    @property
    def ports(self) -> Ports | None:
        """The ports of that boot; None before the first."""
        try:
            return Ports(**self._read()["ports"])
        except (KeyError, TypeError):
            return None

    def write(
        self, name: str, pid: int, ports: Ports, data: dict[str, object], **more: str
    ) -> None:
        """Describe a boot; `data` is what pyinfra is to know of the host.

        Of `more`, `roots` is whom its visitors trust, `pins` the folder of its pinned host key, and
        `of` the droplet's folder when that is another one.
        """
        described = {"name": name, "pid": pid, "ports": asdict(ports), "data": data, **more}
        half_made = self._path.with_suffix(".new")
        half_made.write_text(json.dumps(described, indent=2) + "\n")
        half_made.rename(self._path)
