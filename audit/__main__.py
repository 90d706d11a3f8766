"""Run the scanners and say which of their findings have no reason.

Exit code 0: of what could be judged, each finding is explained. 1: some are not, or a tool failed.
What was not judged is said at the end; where no service has answered that is no fault.
"""

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from audit import accepted, report
from audit.finding import AuditError
from audit.target import Target, reached
from audit.tools import TOOLS, Tool
from commands.hosts import PROJECT, only_host, parser
from emulator.errors import EmulatorError
from emulator.progress import say

# What the project shows of itself is what an emulated droplet answers; another host's results are
# its owner's own.
SHOWN = PROJECT / "docs" / "security"
README = PROJECT / "README.md"


def _folder(target: Target, *, shown: bool) -> Path:
    return SHOWN if shown else PROJECT / ".cache" / "audit" / target.name


def _row(tool: Tool, folder: Path) -> report.Row:
    return report.Row(tool.name, tool.asks, folder / report.file_name(tool.name))


@dataclass(frozen=True)
class _Judged:
    """Whether nothing of a tool is left without a reason, and why it judged not all, if so."""

    tool: Tool
    clean: bool
    silent: str = ""


def _judge(tool: Tool, target: Target, reasons: list[accepted.Accepted], folder: Path) -> _Judged:
    """Run one tool and write its page."""
    say(f"--> {tool.name}: {tool.asks} …")
    began = time.monotonic()
    try:
        outcome = tool.run(target)
    except (AuditError, EmulatorError) as error:
        say(f"    could not be done. {error}")
        return _Judged(tool, clean=False, silent=str(error))
    seconds = time.monotonic() - began
    compared = accepted.compare(outcome.findings, reasons)
    row = _row(tool, folder)
    today = datetime.now(UTC).date()
    row.file.write_text(
        report.page(row, outcome, compared, host=target.name, day=today, seconds=seconds)
    )
    say(f"    {report.summary(outcome, compared)}, in {seconds:.0f} s")
    for finding in compared.unexplained:
        say(f"    - {finding.id}: {finding.text}")
    if not outcome.not_judged:
        for old in compared.stale:
            say(f"    no longer occurs, take it out of audit/accepted.toml: {old.id}")
    return _Judged(tool, clean=not compared.unexplained, silent=outcome.not_judged)


def _silent(judged: Iterable[_Judged]) -> list[str]:
    """A line for each tool whose silence must not be taken for praise."""
    return [f"Not judged by {one.tool.name}: {one.silent}" for one in judged if one.silent]


def _chosen(names: list[str]) -> list[Tool]:
    known = [tool.name for tool in TOOLS]
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"No tool is called {', '.join(unknown)}. There are: {', '.join(known)}")
    return [tool for tool in TOOLS if not names or tool.name in names]


def main() -> int:
    """Look at one host, and at the project."""
    asked = parser(__doc__)
    asked.add_argument("--check", action="store_true", help="leave docs/security as it is")
    asked.add_argument("tools", nargs="*", metavar="TOOL", help="only these; else all")
    words = asked.parse_args()
    tools, host = _chosen(words.tools), only_host(words.limit)
    try:
        reasons = accepted.read(accepted.FILE.read_text())
        if unknown := accepted.unknown_tools(reasons, (tool.name for tool in TOOLS)):
            sys.exit(f"audit/accepted.toml names no tool: {', '.join(unknown)}")
        with reached(host) as target:
            shown = target.emulated and not words.check
            folder = _folder(target, shown=shown)
            folder.mkdir(parents=True, exist_ok=True)
            judged = [
                _judge(
                    tool,
                    target,
                    accepted.of(reasons.get(tool.name, []), emulated=target.emulated),
                    folder,
                )
                for tool in tools
            ]
            rows = [_row(tool, folder) for tool in TOOLS]
            if shown:
                report.put_table(README, report.table(rows, beside=PROJECT))
    except AuditError as error:
        sys.exit(str(error))
    say(f"\n{report.table(rows, beside=folder)}\n\nEach finding: {folder}")
    for line in _silent(judged):
        say(line)
    return 0 if all(one.clean for one in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
