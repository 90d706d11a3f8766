"""Take in what `make export` saved, Plausible's zip, or GoatCounter's CSV: all of it or nothing."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from analytics.transfer import archive, stream
from analytics.transfer.archive import FileError, Table

from commands.flask import flask, one_site
from commands.hosts import only_host, parser


def send(files: Sequence[Path], target: IO[bytes]) -> None:
    """Write the tables of all files to a stream. FileError when one is none that can be taken."""
    stream.pack(_tables(files), target)


def _tables(files: Sequence[Path]) -> Iterator[Table]:
    for file in files:
        yield from archive.tables(file)


def main() -> int:
    """Read the files here, and let the host take in what is in them."""
    options = parser(__doc__)
    options.add_argument("--site", default="", help="whose numbers, if there are several sites")
    options.add_argument("files", nargs="*", type=Path, help="zip, csv or csv.gz")
    given = options.parse_args()
    if not given.files:
        print('Which files? Type: make import FILES="one.zip another.csv"', file=sys.stderr)
        return 1
    host = only_host(given.limit)
    argv = host.ssh(*flask("import", *one_site(given.site), "-", service="migrate"))
    asked = subprocess.Popen(argv, stdin=subprocess.PIPE)
    assert asked.stdin is not None  # noqa: S101 - a pipe was asked for
    # When the pipe breaks, the host has said why.
    try:
        with contextlib.suppress(BrokenPipeError):
            send(given.files, asked.stdin)
    except FileError as error:
        asked.kill()
        print(f"Nothing was imported. {error}", file=sys.stderr)
    with contextlib.suppress(BrokenPipeError):
        asked.stdin.close()
    return 1 if asked.wait() else 0


if __name__ == "__main__":
    sys.exit(main())
