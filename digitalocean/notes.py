"""What this machine asked for in the last minutes: so that nothing is ever asked for twice.

This is no state. What there is, the API says; but a list there may lag behind what was made, and a
run may be cut off between the two. A note says "look twice before you make that", and is forgotten
after some minutes. Without it nothing breaks but this caution.
"""

import json
from collections.abc import Callable
from pathlib import Path

# Longer than any list was seen to lag behind.
COUNTS_FOR = 120.0


class Notes:
    """The notes of one droplet, in a file of `folder`."""

    def __init__(self, folder: Path, name: str, now: Callable[[], float]) -> None:
        self._path = folder / f"{name}.begun.json"
        self._now = now

    def _read(self) -> dict[str, dict[str, object]]:
        try:
            read = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return read if isinstance(read, dict) else {}

    def _write(self, notes: dict[str, dict[str, object]]) -> None:
        # What was not seen to be made stays, for only the next run can tell.
        kept = {what: note for what, note in notes.items() if self._left(note) or "before" in note}
        if not kept:
            self._path.unlink(missing_ok=True)
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half_made = self._path.with_suffix(".new")
        half_made.write_text(json.dumps(kept, indent=2) + "\n")
        half_made.rename(self._path)

    def of(self, what: str) -> dict[str, object] | None:
        """The note of a `what` that was asked for; None when there is none."""
        return self._read().get(what)

    def is_fresh(self, what: str) -> bool:
        """Whether `what` was asked for so lately that a list may not have it yet."""
        return self.left(what) > 0

    def left(self, what: str) -> float:
        """For how many seconds more `what` counts: so long a list may not have it yet."""
        return self._left(self.of(what) or {})

    def _left(self, note: dict[str, object]) -> float:
        at, lasts, now = note.get("at"), note.get("lasts", COUNTS_FOR), self._now()
        if not isinstance(at, int | float) or not isinstance(lasts, int | float) or at > now:
            # One of the future is of a clock that was wrong.
            return 0.0
        return max(at + lasts - now, 0.0)

    def begin(self, what: str, **known: object) -> None:
        """Note that `what` is asked for now, and what is `known` of before.

        It counts for as many seconds as `lasts` says, when that is among it.
        """
        self._write(self._read() | {what: {"at": self._now(), **known}})

    def seen(self, what: str) -> None:
        """`what` is there, though a list may still lag behind."""
        notes = self._read()
        note = notes.get(what)
        if note and note.pop("before", None) is not None:
            self._write(notes)

    def forget(self, what: str) -> None:
        """`what` was surely not made."""
        notes = self._read()
        if notes.pop(what, None) is not None:
            self._write(notes)
