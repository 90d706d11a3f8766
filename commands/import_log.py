"""Count the page views in old access logs of nginx or Apache: FILES, compressed by gzip or not.

The logs are put in order here, where they are, and go to the host's memory over SSH. What has been
counted before is not counted again.
"""

import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from analytics.logs.timeline import DamagedError, in_order

from commands.flask import flask, one_site
from commands.hosts import only_host, parser

# A closed terminal's, and what asks a program to end.
_ENDINGS = (signal.SIGHUP, signal.SIGTERM)


def _end(number: int, _frame: FrameType | None) -> None:
    # A closed terminal may send it twice, and what clears away must come to its end.
    for one in _ENDINGS:
        signal.signal(one, signal.SIG_IGN)
    sys.exit(128 + number)


def clear_away_when_ended() -> None:
    """From now on the folder with the lines goes when a signal ends this; nohup is obeyed."""
    for one in _ENDINGS:
        if signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, _end)


def send(argv: list[str], lines: Iterable[bytes]) -> int:
    """Run a command with these lines as its input; its exit code."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101 - narrows the type
        # The command may end before the lines do, and says why.
        with suppress(BrokenPipeError), process.stdin as pipe:
            for line in lines:
                pipe.write(line)
    return process.returncode


def main() -> int:
    """Sort, send, and hand on what the host says."""
    options = parser(__doc__)
    options.add_argument("--site", default="", help="the site of all lines, if there are several")
    options.add_argument("files", nargs="+", type=Path)
    given = options.parse_args()
    host = only_host(given.limit)
    clear_away_when_ended()
    with TemporaryDirectory(prefix="import-log-") as folder:
        try:
            total, lines = in_order(given.files, Path(folder), _say)
        except DamagedError as error:
            print(f"{error}. Leave it out, or mend it, and run this again.", file=sys.stderr)
            return 1
        except OSError as error:
            where = error.filename or "The folder for temporary files"
            print(f"{where}: {error.strerror}.", file=sys.stderr)
            return 1
        ssh, *rest = host.ssh(
            *flask("import-log", "--total", str(total), *one_site(given.site), "-")
        )
        return 1 if send([ssh, "-C", *rest], lines) else 0


def _say(number: int) -> None:
    print(f"Sorting: {number:,} lines", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
