"""ssh-audit: every algorithm that the SSH server offers.

Its flooding test (DHEat) is left out, as it opens connections by the hundred: a live server would
answer it with penalties for the whole address that the audit, and its owner, come from.
"""

import json

from audit.finding import Finding, Outcome
from audit.running import TOOLS, start, version_of
from audit.target import Target

_KINDS = {"kex": "key exchange", "key": "host key", "enc": "cipher", "mac": "MAC"}
# Its exit codes: nothing, warnings, failures. 1 is a connection that failed.
_DONE = (0, 2, 3)


def findings(output: str) -> list[Finding]:
    """Each algorithm with a warning or a failure, and each known weakness of the version."""
    said = json.loads(output)
    found = [
        Finding(f"{kind} {one['algorithm']}", f"{words}: {note}")
        for kind, words in _KINDS.items()
        for one in said[kind]
        for level in ("fail", "warn")
        for note in one.get("notes", {}).get(level, [])
    ]
    return found + [Finding(f"cve {one['name']}", one["description"]) for one in said["cves"]]


def run(target: Target) -> Outcome:
    """Ask the server on its port."""
    where = ("-p", str(target.ssh), target.address)
    output = start([TOOLS / "ssh-audit", "--json", "--skip-rate-test", *where], codes=_DONE)
    return Outcome(
        version=version_of("ssh-audit"),
        command="ssh-audit --json --skip-rate-test -p PORT HOST",
        headline=str(json.loads(output)["banner"]["software"]),
        findings=findings(output),
    )
