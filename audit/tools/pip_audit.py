"""pip-audit: known weaknesses of what is pinned, on the server and on the owner's machine."""

import json
from pathlib import Path

from audit.finding import Finding, Outcome
from audit.running import TOOLS, start, version_of
from audit.target import Target

REQUIREMENTS = (
    Path("files/analytics/requirements.txt"),
    Path("requirements.txt"),
    Path("requirements-dev.txt"),
    Path("requirements-audit.txt"),
)


def findings(output: str) -> list[Finding]:
    """One for each weakness and package."""
    return [
        Finding(
            f"{weakness['id']} {package['name']}",
            f"{package['version']}; mended in {', '.join(weakness['fix_versions']) or 'none yet'}",
        )
        for package in json.loads(output)["dependencies"]
        for weakness in package.get("vulns", [])
    ]


def unanswered(output: str) -> int:
    """For how many packages nobody could say anything; only those of an index are asked for."""
    return sum("skip_reason" in package for package in json.loads(output)["dependencies"])


def run(_: Target | None = None) -> Outcome:
    """Needs no host, but an advisory service, which a company's mirror of PyPI may not have."""
    found, silent = [], 0
    for file in REQUIREMENTS:
        options = ("--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json")
        output = start([TOOLS / "pip-audit", *options, "-r", file], codes=(0, 1), seconds=300)
        found += findings(output)
        silent += unanswered(output)
    return Outcome(
        version=version_of("pip-audit"),
        command="pip-audit --disable-pip --require-hashes -r FILE",
        headline="",
        findings=found,
        not_judged=f"no advisory service answered for {silent} packages" if silent else "",
    )
