"""Run a command of the analytics service on the host, such as `sites` or `bots check "…"`."""

import argparse
import subprocess
import sys

from commands.flask import flask
from commands.hosts import only_host, parser


def main() -> int:
    """Ask the host; with a terminal, the command may ask back."""
    options = parser(__doc__)
    options.add_argument("words", nargs=argparse.REMAINDER, help="the command; none lists them")
    given = options.parse_args()
    words = [word for word in given.words if word != "--"] or ["--help"]
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    argv = only_host(given.limit).ssh(*flask(*words, terminal=terminal), terminal=terminal)
    return subprocess.run(argv, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
