"""yamllint: every YAML file."""

import re

from audit.finding import Finding, Outcome
from audit.running import OURS, start
from audit.target import Target

# FILE:LINE:COLUMN: [LEVEL] MESSAGE (RULE)
_LINE = re.compile(
    r"^(?:\./)?(?P<file>[^:]+):(?P<line>\d+):\d+: \[\w+\] (?P<text>.*?)(?: \((?P<rule>[\w-]+)\))?$",
    re.MULTILINE,
)


def findings(output: str) -> list[Finding]:
    """One for each rule and file."""
    return [
        Finding(f"{one['rule'] or 'syntax'} {one['file']}", f"line {one['line']}: {one['text']}")
        for one in _LINE.finditer(output)
    ]


def run(_: Target | None = None) -> Outcome:
    """Needs no host."""
    options = ("--strict", "--format=parsable")
    output = start([OURS / "yamllint", *options, "."], codes=(0, 1, 2))
    return Outcome(
        version=start([OURS / "yamllint", "--version"]).split()[-1],
        command="yamllint --strict .",
        headline="",
        findings=findings(output),
    )
