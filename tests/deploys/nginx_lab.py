"""The stand-in's nginx, running as compose runs it: read-only, four capabilities, a network.

It has a network of its own, so that ports 80 and 443 are free, and every client here connects
from within that network. Any address in 127.0.0.0/8 can be a visitor.
"""

import ctypes
import os
import re
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.unit.nginx_render import PROJECT, Settings, render

_NEW_NETWORK = 0x40000000
_CAPABILITIES = "-all,+net_bind_service,+setuid,+setgid,+chown"

# $1 is the image's unpacked file system. What is mounted vanishes with the process. $4 is
# how much the kernel keeps for a slow reader.
_START = """
ip link set lo up
echo "$4" >/proc/sys/net/ipv4/tcp_notsent_lowat
mount --make-rprivate /
mount --bind "$1" "$1"
mount --bind /dev "$1/dev"
mount -o remount,ro,bind "$1"
mount -t tmpfs tmpfs "$1/tmp"
mount -t tmpfs tmpfs "$1/run"
mount -t tmpfs tmpfs "$1/var/cache/nginx"
mkdir -p "$1/run/freehold/webapp" "$1/run/freehold/nginx"
mount --bind "$2" "$1/run/freehold/webapp"
mount --bind "$2/errors" "$1/run/freehold/nginx"
exec chroot "$1" setpriv --bounding-set "$3" --inh-caps "$3" --no-new-privs \
    nginx -c /etc/freehold/nginx/live/nginx.conf -g 'daemon off;'
"""


class Lab:
    """One running nginx, its folders, and the way into its network."""

    def __init__(self, root: Path, sockets: Path) -> None:
        self.root, self.sockets = root, sockets
        self.site = root / "srv/www/releases/1"
        self.log = sockets / "nginx.log"
        self.certificate = root / "etc/freehold/tls/live/fullchain.pem"

    def start(self, settings: Settings) -> None:
        """Render the configuration, make a certificate, and wait until nginx answers."""
        render(settings, self.root / "etc/freehold/nginx/releases/1")
        (self.root / "etc/freehold/nginx/live").symlink_to("releases/1")
        self._make_certificate([settings.domain, *settings.aliases])
        (self.root / "etc/freehold/quic_host_key").write_text("0123456789abcdef" * 4)
        (self.sockets / "errors").mkdir()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *("unshare", "--mount", "--net", "sh", "-euc", _START, "nginx-lab"),
                    *(str(self.root), str(self.sockets), _CAPABILITIES, _unsent()),
                ],
                stderr=log,
            )
        self._await()
        network = os.open(f"/proc/{self.process.pid}/ns/net", os.O_RDONLY)
        # A network belongs to a thread, and a socket to the network that it was made in.
        self._inside = ThreadPoolExecutor(1, initializer=_enter, initargs=(network,))

    def _make_certificate(self, names: list[str]) -> None:
        self.certificate.parent.mkdir(parents=True)
        subprocess.run(
            [
                *(
                    "openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                ),
                *("-nodes", "-days", "2", "-subj", f"/CN={names[0]}"),
                *("-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)),
                *("-keyout", self.certificate.with_name("privkey.pem"), "-out", self.certificate),
            ],
            check=True,
            capture_output=True,
        )

    def _await(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.run("curl", "--fail", "--unix-socket", "/run/nginx-health.sock", "http://h/"):
                return
            time.sleep(0.05)
        raise AssertionError(f"nginx did not start: {self.log.read_text()}")

    def run(self, *command: str) -> subprocess.CompletedProcess[str] | None:
        """Run a command of the image beside nginx, as `docker exec` does; None if it fails."""
        done = subprocess.run(
            ["nsenter", f"--target={self.process.pid}", "--net", "--mount", "--root", *command],
            capture_output=True,
            text=True,
            check=False,
        )
        return done if done.returncode == 0 else None

    def connect(self, port: int, *, source: str = "", target: str = "127.0.0.1") -> socket.socket:
        """A connection to nginx, from the address `source`."""
        origin = (source, 0) if source else None
        return self._inside.submit(
            socket.create_connection, (target, port), timeout=15, source_address=origin
        ).result()

    def datagrams(self, *, source: str = "", family: int = socket.AF_INET) -> socket.socket:
        """A socket for UDP in nginx's network, bound to the address `source`."""
        endpoint = self._inside.submit(socket.socket, family, socket.SOCK_DGRAM).result()
        if source:
            endpoint.bind((source, 0))
        return endpoint

    def reload(self) -> None:
        """Reload nginx as the deploy does, and wait until a new worker has taken over."""
        before = self.workers()
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 60
        while not self.workers() - before:
            assert time.monotonic() < deadline, "No new worker came."
            time.sleep(0.02)

    def workers(self) -> set[int]:
        """The processes of nginx's workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in children.read_text().split()}

    def memory(self) -> float:
        """The megabytes that nginx and its connections' buffers in the kernel take."""
        # Of what several processes share, each one's part.
        kilobytes = sum(
            int(Path(f"/proc/{process}/smaps_rollup").read_text().split("\nPss:")[1].split()[0])
            for process in (self.process.pid, *self.workers())
        )
        told = subprocess.run(
            [
                *("nsenter", f"--target={self.process.pid}", "--net"),
                *("ss", "--tcp", "--memory", "--numeric", "--no-header", "sport", "=", ":443"),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        # What waits to be sent, and what is kept for more of it.
        buffers = sum(int(size) for size in re.findall(r",[wf](\d+)", told.stdout))
        return kilobytes / 2**10 + buffers / 2**20

    def checked(self, settings: Settings) -> str:
        """What nginx says of another configuration, which is not put in force."""
        releases = self.root / "etc/freehold/nginx/releases"
        main = render(settings, releases / f"checked-{len(list(releases.iterdir()))}")
        inside = f"/{main.relative_to(self.root)}"
        done = self.run("sh", "-c", 'nginx -t -q -c "$1" 2>&1 || :', "check", inside)
        return done.stdout if done else ""

    def switch_site(self, release: str) -> None:
        """Put another release live, as the deploy does: by renaming a symbolic link."""
        new = self.root / "srv/www/next"
        new.symlink_to(f"releases/{release}")
        new.rename(self.root / "srv/www/current")

    def stop(self) -> None:
        """End nginx as `docker stop` does; at once when a visitor who has left keeps it waiting."""
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait(10)
        finally:
            self.process.kill()


def _unsent() -> str:
    """What a host has as `tcp_notsent_lowat`: of the kernel itself no bound."""
    name = "net.ipv4.tcp_notsent_lowat = "
    lines = (PROJECT / "templates/sysctl.conf.j2").read_text().splitlines()
    return next(
        (line.removeprefix(name) for line in lines if line.startswith(name)), str(2**32 - 1)
    )


def _enter(network: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(network, _NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")
