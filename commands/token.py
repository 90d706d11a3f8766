"""Make a token with which programs read the statistics, and print it, this once."""

import shlex
import subprocess
import sys

from commands.hosts import only_host, parser


def question(name: str, site: str) -> list[str]:
    """What the host is to run. Its shell reads the words once more."""
    compose = ["docker", "compose", "--project-directory", "/opt/freehold", "exec", "-T", "webapp"]
    which = ["--site", site] if site else []
    create = ["flask", "--app", "analytics", "token", "create", *which, "--", name]
    return [shlex.quote(word) for word in [*compose, *create]]


def main() -> int:
    """Ask the host, which prints the token or says what is wrong."""
    options = parser(__doc__)
    options.add_argument("--site", default="", help="only this site")
    options.add_argument("name", nargs="?", default="", help="what you will know it by")
    given = options.parse_args()
    if not given.name.strip():
        print("Say what you will know the token by: make token NAME=phone", file=sys.stderr)
        return 1
    host = only_host(given.limit)
    asked = subprocess.run(host.ssh(*question(given.name, given.site)), check=False)
    return 1 if asked.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
