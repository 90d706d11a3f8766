"""A clock that can be set, for some processes: Debian's libfaketime."""

from pathlib import Path

_LIBRARY = "faketime/libfaketimeMT.so.1"
# That library refuses a sleep by a clock that it leaves alone.
# https://github.com/wolfcw/libfaketime/blob/v0.9.10/src/libfaketime.c (clock_nanosleep)
_SLEEP = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""


class Clock:
    """Shows the time until it is set."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set("+0")
        found = sorted(Path("/usr/lib").glob(f"*/{_LIBRARY}"))
        assert found, "libfaketime is missing. Type: apt-get install libfaketime"
        self.modules = folder / "modules"
        """Of Python, to be found before all others."""
        self.modules.mkdir()
        (self.modules / "sitecustomize.py").write_text(_SLEEP)
        self.variables = {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # Nobody sets these two.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, by: str) -> None:
        """By how much it is wrong from now on, such as -1d."""
        new = self._file.with_suffix(".new")
        new.write_text(by)
        new.replace(self._file)
