"""ShellCheck: every shell script of ours."""

import json
import re
from pathlib import Path

from audit.finding import Finding, Outcome
from audit.running import OURS, start
from audit.target import Target
from commands.hosts import PROJECT

_SHELL = re.compile(rb"#!/bin/(ba)?sh\b")


def findings(output: str) -> list[Finding]:
    """One for each rule and file."""
    return [
        Finding(f"SC{one['code']} {one['file']}", f"line {one['line']}: {one['message']}")
        for one in json.loads(output)
    ]


def scripts() -> list[Path]:
    """All files that git knows and a shell runs."""
    named = (PROJECT / name for name in start(["git", "ls-files", "-z"]).split("\0") if name)
    return [
        path.relative_to(PROJECT)
        for path in named
        if path.is_file() and _SHELL.match(path.read_bytes()[:20])
    ]


def run(_: Target | None = None) -> Outcome:
    """Needs no host."""
    files = scripts()
    output = start([OURS / "shellcheck", "--format=json", *files], codes=(0, 1))
    said = start([OURS / "shellcheck", "--version"])
    return Outcome(
        version=said.partition("version: ")[2].split()[0],
        command="shellcheck SCRIPT …",
        headline=f"{len(files)} scripts",
        findings=findings(output),
    )
