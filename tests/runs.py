"""Running pyinfra as its user would, and reading what it said."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PYINFRA = str(Path(sys.executable).with_name("pyinfra"))
# What was made here, and what no run reads.
NOT_COPIED = (
    *(".git", ".venv*", ".cache", ".emulator", ".droplets", ".hypothesis", ".*_cache"),
    *("__pycache__", "docs"),
)


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


def run(*command: str, project: Path = PROJECT, typed: str = "", **environment: str) -> Run:
    """Run `command` in `project` and wait for its end; `typed` is what it reads meanwhile."""
    # Absolute, so that a copy of the project finds the same droplet.
    here = {"FREEHOLD_EMULATOR": os.environ.get("FREEHOLD_EMULATOR", str(PROJECT / ".emulator"))}
    done = subprocess.run(
        command,
        cwd=project,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        env=_measured(project) | here | environment,
    )
    return Run(done.returncode, done.stdout, done.stdout + done.stderr)


def _measured(project: Path) -> dict[str, str]:
    """The environment, in which `make coverage` measures what a copy of the project runs, too.

    The variable by which coverage reaches other processes names the folders of this project:
    https://coverage.readthedocs.io/en/latest/subprocess.html
    """
    environment = dict(os.environ)
    if project != PROJECT and environment.pop("COVERAGE_PROCESS_CONFIG", ""):
        environment["COVERAGE_PROCESS_START"] = str(project / "pyproject.toml")
        environment["COVERAGE_FILE"] = str(PROJECT / ".cache" / "coverage" / "data")
    return environment


def deploy(*arguments: str, project: Path = PROJECT) -> Run:
    """`pyinfra inventory.py deploy.py -y`, with further arguments."""
    return run(PYINFRA, "inventory.py", "deploy.py", "-y", *arguments, project=project)


@contextmanager
def deploying() -> Iterator[None]:
    """A deploy that has begun, and is killed at the end, for who cuts it off."""
    begun = subprocess.Popen(
        [PYINFRA, "inventory.py", "deploy.py", "-y"],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        begun.kill()
        begun.wait()


def copy_of_the_project(target: Path) -> Path:
    """A copy of the working tree that a test may break."""
    shutil.copytree(PROJECT, target, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return target
