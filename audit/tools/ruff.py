"""ruff's rules of flake8-bandit: Python that is dangerous to run."""

import json

from audit.finding import Finding, Outcome
from audit.running import OURS, start
from audit.target import Target
from commands.hosts import PROJECT


def findings(output: str) -> list[Finding]:
    """One for each rule and file."""
    return [
        Finding(
            f"{one['code']} {one['filename'].removeprefix(f'{PROJECT}/')}",
            f"line {one['location']['row']}: {one['message']}",
        )
        for one in json.loads(output)
    ]


def run(_: Target | None = None) -> Outcome:
    """Needs no host. Exceptions stand in pyproject.toml, or behind the line, each with a reason."""
    rules = ("--select=S", "--output-format=json")
    output = start([OURS / "ruff", "check", *rules, "."], codes=(0, 1))
    return Outcome(
        version=start([OURS / "ruff", "--version"]).split()[-1],
        command="ruff check --select=S .",
        headline="",
        findings=findings(output),
    )
