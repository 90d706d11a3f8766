"""Everything the emulated account has, in one file."""

import json
from pathlib import Path
from typing import Any

# One object as it is kept: what the API shows of it is made from this.
Thing = dict[str, Any]
KINDS = (
    "keys",
    "droplets",
    "actions",
    "firewalls",
    "domains",
    "records",
    "reserved_ips",
    "checks",
    "alerts",
    "tags",
)
# Numbers of Digital Ocean's have long been of more than 32 bits' worth of digits.
_FIRST_NUMBER = 500_000_001


def shown(thing: Thing) -> Thing:
    """Without what is the emulator's own: names that begin with a line."""
    return {name: value for name, value in thing.items() if not name.startswith("_")}


class State:
    """The collections, each by the identifier of its things; as text, as JSON's keys are."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._written = ""
        self.next_number = _FIRST_NUMBER
        # Counts addresses, so that one that was given back is not given out again at once.
        self.next_address = 1
        self._kinds: dict[str, dict[str, Thing]] = {kind: {} for kind in KINDS}
        if file.exists():
            self._read()

    def __getitem__(self, kind: str) -> dict[str, Thing]:
        return self._kinds[kind]

    def things(self) -> dict[str, dict[str, Thing]]:
        """All of them, by kind."""
        return self._kinds

    def _read(self) -> None:
        self._written = self._file.read_text()
        kept = json.loads(self._written)
        self.next_number = kept["next_number"]
        self.next_address = kept["next_address"]
        for kind in KINDS:
            self._kinds[kind] = kept["things"].get(kind, {})

    def write(self) -> None:
        """Bring the file to what is true now; whole, or as it was."""
        text = json.dumps(
            {
                "next_number": self.next_number,
                "next_address": self.next_address,
                "things": self._kinds,
            },
            indent=1,
        )
        if text == self._written:
            return
        half_made = self._file.with_suffix(".new")
        half_made.write_text(text)
        half_made.rename(self._file)
        self._written = text

    def number(self) -> int:
        """A number that nothing of this account has had."""
        self.next_number += 1
        return self.next_number
