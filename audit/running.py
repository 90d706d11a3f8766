"""Running a tool on this machine."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from audit.finding import AuditError
from commands.hosts import PROJECT

# The tools of requirements-audit.txt, and those of requirements-dev.txt.
TOOLS = PROJECT / ".venv-audit" / "bin"
OURS = PROJECT / ".venv" / "bin"


def start(
    command: Sequence[str | Path],
    *,
    codes: Sequence[int] = (0,),
    environment: Mapping[str, str] | None = None,
    folder: Path = PROJECT,
    seconds: float = 600,
) -> str:
    """What `command` prints; `codes` are the exit codes of a tool that has done its work."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError:
        raise AuditError(f"{command[0]} is not there. Type: make .venv-audit/complete") from None
    except subprocess.TimeoutExpired:
        raise AuditError(f"{command[0]} was not done after {seconds:.0f} s.") from None
    if done.returncode not in codes:
        words = (done.stderr.strip() or done.stdout.strip())[-1000:]
        raise AuditError(f"{command[0]} ended with {done.returncode}: {words}")
    return done.stdout


def version_of(package: str, folder: Path = TOOLS) -> str:
    """The version of a package in that environment."""
    script = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    return start([folder / "python", "-c", script, package]).strip()
