"""A Debian 13 of folders with a network of its own, which our programs run in as on a host.

It is there within a second, at this machine's own speed. Docker can't run in it, so each lab has a
script that stands for the few commands which its program gives Docker.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from emulator.droplet import CACHE
from emulator.mirror import debian_sources
from emulator.mmdebstrap import install
from tests.unit.nginx_render import PROJECT

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# $1: the finished Debian, $2: a folder of the test. Of the lab's own is what follows, which may be
# told more; all ends with the process.
_BEGIN = """
ip link set lo up
mount --make-rprivate /
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
mount --bind /dev dev
mount -t proc proc proc
"""
_END = """
touch "$2/ready"
exec sleep infinity
"""


def debian(name: str, packages: str) -> Path:
    """The folder of a Debian 13 with these packages, made once; `name` is the first of them."""
    recipe = hashlib.sha256(packages.encode()).hexdigest()[:12]
    finished = CACHE / f"{name}-{recipe}"
    with (CACHE / f"{name}.lock").open("w") as lock:
        # Several processes run tests, and one of them makes it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            half_made = CACHE / f"{name}-{recipe}.half-made"
            shutil.rmtree(half_made, ignore_errors=True)
            arguments = ["--variant=minbase", f"--include={packages}", "trixie", str(half_made)]
            install(name, [*arguments, *debian_sources("trixie")], CACHE / f"{name}.log")
            half_made.rename(finished)
    return finished


@dataclass
class Done:
    """How a command ended, and all that it said."""

    code: int
    said: str


@dataclass
class DebianLab:
    """The host; `folder` is empty."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list, kw_only=True)

    def begin(self, system: Path, mounts: str, *more: object) -> None:
        """Have the host, and in it what the script `mounts` does with `more` ($3 and on)."""
        self.folder.mkdir(exist_ok=True)
        self._log: IO[bytes] = (self.folder.with_suffix(".log")).open("wb")
        script = f"{_BEGIN}{mounts}{_END}"
        start = ["unshare", "--mount", "--net", "sh", "-euc", script, "lab"]
        told = (str(word) for word in (system, self.folder, *more))
        self.host = subprocess.Popen([*start, *told], stderr=self._log)
        wait(lambda: self.inside("test", "-e", self.folder / "ready").code == 0)

    def stop(self) -> None:
        """End all that was started in it."""
        for process in [*reversed(self.processes), self.host]:
            # Not at once by force: nginx ends its own processes, which would stay.
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()

    def _enter(self, *command: object) -> list[str]:
        enter = ["nsenter", f"--target={self.host.pid}", "--net", "--mount"]
        return [*enter, *(str(word) for word in command)]

    def on_host(self, *command: object) -> list[str]:
        """The arguments that run a command on the host."""
        return self._enter("chroot", self.folder / "root", "env", "-i", _PATH, *command)

    def _done(self, arguments: list[str], seconds: float) -> Done:
        done = subprocess.run(
            arguments,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=seconds,
        )
        return Done(done.returncode, done.stdout + done.stderr)

    def inside(self, *command: object, seconds: float = 240) -> Done:
        """Run this machine's command in the host's network and mounts."""
        return self._done(self._enter(*command), seconds)

    def run(self, *command: object, seconds: float = 240) -> Done:
        """Run a command on the host."""
        return self._done(self.on_host(*command), seconds)

    def started_inside(self, *command: object, **environment: str) -> subprocess.Popen[bytes]:
        """Start this machine's command in the host's network and mounts."""
        return self._started(self._enter(*command), environment)

    def started(self, *command: object) -> subprocess.Popen[bytes]:
        """Start a command on the host."""
        return self._started(self.on_host(*command), {})

    def _started(
        self, arguments: list[str], environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=os.environ | environment,
        )
        self.processes.append(process)
        return process

    def write(self, path: str, text: str, mode: str = "600") -> None:
        """Make a file of the host, and its folders."""
        write = 'umask 077; mkdir -p "${1%/*}"; cat >"$1"; chmod "$2" "$1"'
        subprocess.run(
            self._enter("sh", "-euc", write, "write", f"{self.folder}/root{path}", mode),
            input=text.encode(),
            check=True,
        )

    def install(self, packages: tuple[str, ...], programs: tuple[str, ...], docker: str) -> None:
        """Our programs, as the deploy brings them, and the script that stands for Docker."""
        for package in packages:
            for path in (PROJECT / "files" / "lib" / package).glob("*.py"):
                self.write(f"/usr/local/lib/freehold/{package}/{path.name}", path.read_text())
        for name in programs:
            text = (PROJECT / "files" / "sbin" / name).read_text()
            self.write(f"/usr/local/sbin/{name}", text, "755")
        self.write("/usr/local/bin/docker", docker, "755")


def wait(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Ask until it holds; AssertionError when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
