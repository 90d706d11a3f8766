"""List the releases on each host: of the service, of the site, and which are live."""

import argparse
import json
import subprocess
import sys

from commands.hosts import Host, hosts, parser

PROGRAM = "/usr/local/sbin/freehold-rollout list --json"
COLUMNS = ("what", "name", "when", "commit", "by", "live")


def table(found: list[dict[str, object]]) -> str:
    """The releases for a person, the newest first of each."""
    rows = [
        [*(str(one[column] or "-") for column in COLUMNS[:-1]), "live" if one["live"] else ""]
        for what in ("service", "site")
        for one in reversed(found)
        if one["what"] == what
    ]
    lines = [list(COLUMNS), *rows]
    widths = [max(len(line[number]) for line in lines) for number in range(len(COLUMNS))]
    return "\n".join(
        "  "
        + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _told(host: Host, *, as_json: bool) -> bool:
    asked = subprocess.run(host.ssh(PROGRAM), capture_output=True, text=True, check=False)
    try:
        found = json.loads(asked.stdout)
    except ValueError:
        print(f"{host.name}: {asked.stderr.strip() or 'It does not know.'} Type: make deploy")
        return False
    print(json.dumps(found, indent=2) if as_json else f"{host.name}\n{table(found)}")
    return True


def main() -> int:
    """Ask each host."""
    options: argparse.ArgumentParser = parser(__doc__)
    options.add_argument("--json", action="store_true", help="for a program")
    given = options.parse_args()
    told = [_told(host, as_json=given.json) for host in hosts(given.limit)]
    return 0 if all(told) else 1


if __name__ == "__main__":
    sys.exit(main())
