"""Say what a deploy would change, and change nothing.

Exit code 0: each host is as described. 2: something would change. 1: it could not be found out.
"""

import json
import subprocess
import sys

from commands.hosts import PROJECT, PYINFRA, parser
from digitalocean.left_out import left_out


def differences(plan: list[dict[str, object]]) -> dict[str, list[str]]:
    """The operations that would change something, by host, in their order."""
    found: dict[str, list[str]] = {}
    for operation in plan:
        hosts = operation["hosts_with_change"]
        assert isinstance(hosts, list)  # noqa: S101 - pyinfra's own format
        for host in hosts:
            found.setdefault(str(host), []).append(str(operation["name"]))
    return found


def main() -> int:
    """Ask pyinfra for its plan and print what is in it."""
    limit = parser(__doc__).parse_args().limit
    command = [PYINFRA, "inventory.py", "deploy.py", "--dry", "--json"]
    asked = subprocess.run(
        [*command, *(["--limit", limit] if limit else [])],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode or not asked.stdout:
        print(asked.stderr.strip(), file=sys.stderr)
        return 1
    missing = left_out(asked.stderr)
    for line in missing:
        print(line, file=sys.stderr)
    found = differences(json.loads(asked.stdout)["plan"])
    for host, operations in found.items():
        print(f"{host} differs from its description. A deploy would:")
        for name in operations:
            print(f"  - {name}")
    if found:
        print("To bring it back: make deploy")
    elif not missing:
        print("Each host is as described.")
    if missing:
        return 1
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main())
