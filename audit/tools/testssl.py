"""testssl.sh: protocols, ciphers, certificate and known attacks on TLS."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.debian import scanners, start_inside, version_of
from audit.finding import AuditError, Finding, Outcome
from audit.target import Target

_BELOW = {"OK", "INFO", "DEBUG"}


def findings(output: str) -> list[Finding]:
    """All that it calls low or worse; what it could not find out is one, too."""
    return [
        Finding(f"{one['severity'].lower()} {one['id']}", one["finding"])
        for one in json.loads(output)
        if one["severity"] not in _BELOW
    ]


def grade(output: str) -> str:
    """The overall grade, and its points."""
    said = {one["id"]: one["finding"] for one in json.loads(output)}
    if "overall_grade" not in said:
        raise AuditError("testssl.sh did not come to a grade.")
    return f"{said['overall_grade']}, {said['final_score']}"


def run(target: Target) -> Outcome:
    """Connect under the site's name, whatever that name resolves to here."""
    root = scanners()
    with TemporaryDirectory(dir=root / "tmp") as folder:
        inside = Path("/") / Path(folder).relative_to(root)
        shutil.copy(target.authorities, folder)
        options: list[str | Path] = [
            *("--warnings", "batch", "--color", "0", "--quiet", "--ip", target.address),
            *("--add-ca", inside / target.authorities.name, "--jsonfile", inside / "out.json"),
        ]
        where = f"{target.domain}:{target.https}"
        # Its exit code is the number of troubles that it met, not of its findings.
        start_inside(["testssl", *options, where], codes=range(200), seconds=1500)
        output = (Path(folder) / "out.json").read_text()
    return Outcome(
        version=version_of("testssl.sh"),
        command="testssl --warnings batch --add-ca FILE HOST:443",
        headline=grade(output),
        findings=findings(output),
    )
