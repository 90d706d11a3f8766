"""Lynis: the host as an auditor of systems sees it from inside.

It is not a part of a deploy, so it comes and goes with the run.
"""

import re

from audit.carried import carried
from audit.debian import scanners, version_of
from audit.finding import AuditError, Finding, Outcome
from audit.target import Target

WANTED = 85
# Its report has a line `warning[]=ID|TEXT|DETAIL|SOLUTION|` for each, and `suggestion[]=…`.
_LINE = re.compile(r"^(?P<kind>warning|suggestion)\[\]=(?P<id>[^|]+)\|(?P<rest>.*)$", re.MULTILINE)
_INDEX = re.compile(r"^hardening_index=(?P<index>\d+)$", re.MULTILINE)
_RUN = (
    "cd %s && sh ./lynis audit system --quick --no-colors --quiet --profile default.prf"
    " --plugindir plugins --no-log --report-file report >output 2>&1;"
    # What it puts elsewhere.
    " rm -f /tmp/lynis.*; cat report || tail output"
)


def findings(report: str) -> list[Finding]:
    """Each warning and suggestion, and an index below what is wanted."""
    found = []
    for line in _LINE.finditer(report):
        text, _, rest = line["rest"].partition("|")
        # The same test may suggest several things, which only the detail tells apart.
        detail = rest.partition("|")[0]
        known_by = f" {detail}" if detail not in ("", "-") else ""
        found.append(Finding(f"{line['kind']} {line['id']}{known_by}", text))
    if (index := index_of(report)) < WANTED:
        found.append(Finding("index", f"{index}, and {WANTED} is wanted"))
    return found


def index_of(report: str) -> int:
    """The hardening index; raises AuditError when Lynis did not come to its end."""
    if not (said := _INDEX.search(report)):
        raise AuditError(f"Lynis did not come to its end: {report[-500:]}")
    return int(said["index"])


def run(target: Target) -> Outcome:
    """Carry it in, run it, and read its report."""
    root = scanners()
    files = {
        "include": root / "usr/share/lynis/include",
        "db": root / "usr/share/lynis/db",
        "plugins": root / "etc/lynis/plugins",
        "default.prf": root / "etc/lynis/default.prf",
        "lynis": root / "usr/sbin/lynis",
    }
    with carried(target, "lynis", files) as folder:
        report = target.ask(_RUN, folder)
    return Outcome(
        version=version_of("lynis"),
        command="lynis audit system --quick",
        headline=f"index {index_of(report)}",
        findings=findings(report),
    )
