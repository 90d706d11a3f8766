"""Mozilla's HTTP Observatory: the headers, the redirect and the cookies, with its own grade.

It is a package of npm; npm and node come with .venv-audit. Its lists of preloaded and of top-level
names are downloads of its own, which are left out: so no site counts as preloaded.
"""

import json
from pathlib import Path

from audit.finding import AuditError, Finding, Outcome
from audit.running import TOOLS, start
from audit.target import Target
from commands.hosts import PROJECT
from emulator.progress import step

WANTED = "A+"
OURS = Path(__file__).parents[1] / "observatory"
_PACKAGE = Path("node_modules/@mdn/mdn-http-observatory")


def findings(output: str) -> list[Finding]:
    """Each test that is not passed, and a grade below the best."""
    said = json.loads(output)
    if "error" in said:
        raise AuditError(f"The Observatory gave up: {said['error']}")
    found = [
        Finding(f"{name} {test['result']}", f"{test['scoreModifier']} points")
        for name, test in said["tests"].items()
        if not test["pass"]
    ]
    grade = said["scan"]["grade"]
    return found if grade == WANTED else [*found, Finding("grade", f"{grade}, not {WANTED}")]


def _installed() -> Path:
    """The folder with the package as the lock file has it, made again when that changes."""
    folder = PROJECT / ".cache" / "observatory"
    lock = (OURS / "package-lock.json").read_text()
    done = folder / "complete"
    if not done.exists() or done.read_text() != lock:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            (folder / name).write_text((OURS / name).read_text())
        with step("Installing the HTTP Observatory (once)"):
            npm = (TOOLS / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            start(npm, folder=folder)
        (folder / _PACKAGE / "conf" / "hsts-preload.json").write_text("{}")
        done.write_text(lock)
    return folder


def run(target: Target) -> Outcome:
    """Scan the site by its name, with the host's own certificate trusted."""
    folder = _installed()
    environment = {"NODE_EXTRA_CA_CERTS": str(target.authorities)}
    words: list[str | Path] = []
    if target.emulated:
        doors = {"name": target.domain, "address": target.address}
        ports = {"80": target.http, "443": target.https}
        environment["FREEHOLD_DOORS"] = json.dumps({**doors, **ports})
        words = ["--require", OURS / "ports.cjs"]
    # Not the package's own program, which would trust the public authorities only.
    script = folder / _PACKAGE / "src" / "scan.js"
    command = [TOOLS / "node", *words, script, target.domain]
    output = start(command, codes=(0, 1), environment=environment, seconds=120)
    said = json.loads(output)
    return Outcome(
        version=json.loads((folder / _PACKAGE / "package.json").read_text())["version"],
        command="node src/scan.js HOST",
        headline="" if "error" in said else f"{said['scan']['grade']}, {said['scan']['score']}",
        findings=findings(output),
    )
