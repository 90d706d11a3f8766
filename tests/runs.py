"""Running pyinfra as its user would, and reading what it said."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PYINFRA = str(Path(sys.executable).with_name("pyinfra"))
NOT_COPIED = (".git", ".venv", ".cache", ".emulator", "__pycache__", "docs", ".*_cache")


@dataclass(frozen=True)
class Run:
    """How a run ended; `said` is all that its user saw."""

    code: int
    stdout: str
    said: str

    def changed(self) -> list[str]:
        """The operations that changed something, by pyinfra's own --json."""
        operations = json.loads(self.stdout)["results"]["operations"]
        return [one["name"] for one in operations if one["success"] or one["error"]]

    def operations(self) -> list[str]:
        """All operations, by pyinfra's own --json."""
        return [one["name"] for one in json.loads(self.stdout)["results"]["operations"]]


def run(*command: str, project: Path = PROJECT, **environment: str) -> Run:
    """Run `command` in `project` and wait for its end."""
    # Absolute, so that a copy of the project finds the same droplet.
    here = {"FREEHOLD_EMULATOR": os.environ.get("FREEHOLD_EMULATOR", str(PROJECT / ".emulator"))}
    done = subprocess.run(
        command,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | here | environment,
    )
    return Run(done.returncode, done.stdout, done.stdout + done.stderr)


def deploy(*arguments: str, project: Path = PROJECT) -> Run:
    """`pyinfra inventory.py deploy.py -y`, with further arguments."""
    return run(PYINFRA, "inventory.py", "deploy.py", "-y", *arguments, project=project)


def copy_of_the_project(target: Path) -> Path:
    """A copy of the working tree that a test may break."""
    shutil.copytree(PROJECT, target, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return target
