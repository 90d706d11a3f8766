"""Say how each host is: first what is out of order, each with what to type, then the rest.

Exit code 0: all is in order. 2: something is not. 1: it could not be found out.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

from commands.hosts import Host, found_and_left_out, parser

# It prints rows as JSON, and ends with 0 or 2.
PROGRAM = "/usr/local/sbin/freehold-status --json"
SIGNS = {"ok": "ok", "warning": "!", "error": "ERROR"}


@dataclass(frozen=True)
class Row:
    """One line. `state` is "ok", "warning" or "error"; `type` is what helps, if anything does."""

    what: str
    state: str
    text: str
    type: str = ""


class UnknownError(Exception):
    """A host could not say how it is."""


def rows(host: Host) -> list[Row]:
    """What the host says of itself."""
    asked = subprocess.run(host.ssh(PROGRAM), capture_output=True, text=True, check=False)
    if not asked.stdout.strip():
        raise UnknownError(asked.stderr.strip() or "It did not answer. Type: make deploy")
    return [Row(**row) for row in json.loads(asked.stdout)]


def table(host: Host, found: list[Row]) -> str:
    """The rows for a person."""
    wrong = [row for row in found if row.state != "ok"]
    lines = [f"{host.name}: {f'{len(wrong)} out of order' if wrong else 'all is in order'}"]
    for row in found:
        lines.append(f"  {SIGNS[row.state]:6}{row.what}: {row.text}")
        if row.type:
            lines.append(f"        Type: {row.type}")
    return "\n".join(lines)


def main() -> int:
    """Ask each host; with --json the answer is for a program."""
    options = parser(__doc__)
    options.add_argument("--json", action="store_true", help="for a program")
    given = options.parse_args()
    told: dict[str, list[dict[str, str]]] = {}
    asked, missing = found_and_left_out(given.limit)
    code = 1 if missing else 0
    for host in asked:
        try:
            found = rows(host)
        except (UnknownError, ValueError, TypeError) as error:
            print(f"{host.name}: {error}", file=sys.stderr)
            code = 1
            continue
        told[host.name] = [vars(row) for row in found]
        if not given.json:
            print(table(host, found))
        if any(row.state != "ok" for row in found):
            code = code or 2
    if given.json:
        print(json.dumps(told, indent=2))
    return code


if __name__ == "__main__":
    sys.exit(main())
