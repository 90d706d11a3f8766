"""Say how each host is: what is in order, what is not, and what to type.

Exit code 0: all is in order. 2: something is not. 1: it could not be found out.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

from commands.hosts import Host, hosts, parser

# What is asked of a host, each a program there that prints rows as JSON and ends with 0 or 2.
PROGRAMS = {"certificate": "/usr/local/sbin/freehold-certificate status --json"}
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
    """What the host says of itself, in one connection."""
    # Each answer is one line, and a program that fails has none.
    script = "; ".join(f"{program} || true; echo" for program in PROGRAMS.values())
    asked = subprocess.run(host.ssh(script), capture_output=True, text=True, check=False)
    answers = [line for line in asked.stdout.splitlines() if line.strip()]
    if asked.returncode or len(answers) != len(PROGRAMS):
        raise UnknownError(asked.stderr.strip() or "It did not answer. Type: make deploy")
    return [Row(**row) for answer in answers for row in json.loads(answer)]


def table(host: Host, found: list[Row]) -> str:
    """The rows for a person."""
    lines = [host.name]
    for row in found:
        advice = f"  Type: {row.type}" if row.type else ""
        lines.append(f"  {SIGNS[row.state]:6}{row.what}: {row.text}{advice}")
    return "\n".join(lines)


def main() -> int:
    """Ask each host; with --json the answer is for a program."""
    options = parser(__doc__)
    options.add_argument("--json", action="store_true", help="for a program")
    given = options.parse_args()
    told: dict[str, list[dict[str, str]]] = {}
    code = 0
    for host in hosts(given.limit):
        try:
            found = rows(host)
        except (UnknownError, ValueError) as error:
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
