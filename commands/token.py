"""Make a token with which programs read the statistics, and print it, this once."""

import subprocess
import sys

from commands.flask import flask, one_site
from commands.hosts import only_host, parser


def main() -> int:
    """Ask the host, which prints the token or says what is wrong."""
    options = parser(__doc__)
    options.add_argument("--site", default="", help="only this site")
    options.add_argument("name", nargs="?", default="", help="what you will know it by")
    given = options.parse_args()
    if not given.name.strip():
        print("Say what you will know the token by: make token NAME=phone", file=sys.stderr)
        return 1
    ask = flask("token", "create", *one_site(given.site), "--", given.name)
    asked = subprocess.run(only_host(given.limit).ssh(*ask), check=False)
    return 1 if asked.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
