"""A host's certificate program with real certbot, pebble and nginx, at this machine's own speed.

A Debian 13 of folders, with a network of its own: certbot and our programs run in it as they do on
a host, and nginx of the stand-in image in a folder of it. Docker can't run here, so a script stands
for the two commands that `freehold-nginx` gives it.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from emulator.droplet import CACHE
from emulator.mirror import debian_sources
from emulator.mmdebstrap import install
from tests.unit.nginx_render import PROJECT, Settings, render

PACKAGES = "certbot,python3-dnspython,openssl,ca-certificates"
DOMAIN, ALIAS = "blog.test", "www.blog.test"
DIRECTORY = "https://127.0.0.1:14000/dir"
PROGRAM = "/usr/local/sbin/freehold-certificate"

# $1: the finished Debian, $2: a folder of the test, $3: nginx's image. All ends with the process.
_START = """
ip link set lo up
mount --make-rprivate /
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
mount --bind /dev dev
mount -t proc proc proc
mkdir -p nginx etc/freehold/nginx etc/freehold/tls var/lib/freehold/acme srv/www
chmod 700 etc/freehold/tls
mount --bind "$3" nginx
for folder in etc/freehold var/lib/freehold/acme srv/www; do
  mkdir -p "nginx/$folder"
  mount --bind "$folder" "nginx/$folder"
done
for folder in tmp run var/cache/nginx; do mount -t tmpfs tmpfs "nginx/$folder"; done
mount --bind /dev nginx/dev
echo 'nameserver 127.0.0.1' >etc/resolv.conf
touch "$2/ready"
exec sleep infinity
"""

# What freehold-nginx asks of Docker: nginx's check with the candidates mounted, and its process.
_DOCKER = """#!/bin/sh
set -eu
case $1 in
inspect) cat /nginx/run/nginx.pid ;;
run)
  mounts=
  while [ "$1" != --entrypoint ]; do
    [ "$1" != --volume ] || mounts="$mounts $2"
    shift
  done
  shift 3
  exec unshare --mount --net sh -euc '
    mount -t tmpfs tmpfs /nginx/etc/freehold
    for one in $1; do
      from=${one%%:*}; rest=${one#*:}; to=${rest%:ro}
      if [ -d "$from" ]; then mkdir -p "/nginx$to"; else touch "/nginx$to"; fi
      mount --bind "$from" "/nginx$to"
    done
    mount -t tmpfs tmpfs /nginx/run
    shift
    chroot /nginx nginx "$@"' docker "$mounts" "$@" ;;
esac
"""


def debian(cache: Path = CACHE) -> Path:
    """The folder of a Debian 13 with certbot, made once."""
    recipe = hashlib.sha256(PACKAGES.encode()).hexdigest()[:12]
    finished = cache / f"certbot-{recipe}"
    if not finished.exists():
        half_made = cache / f"certbot-{recipe}.half-made"
        shutil.rmtree(half_made, ignore_errors=True)
        arguments = ["--variant=minbase", f"--include={PACKAGES}", "trixie", str(half_made)]
        install("certbot", [*arguments, *debian_sources("trixie")], cache / "certbot.log")
        half_made.rename(finished)
    return finished


@dataclass
class Done:
    """How a command ended, and all that it said."""

    code: int
    said: str


@dataclass
class Lab:
    """The host: `folder` is empty, `image` the unpacked image of nginx."""

    folder: Path
    image: Path
    names: list[str] = field(default_factory=lambda: [DOMAIN, ALIAS])
    pebble: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """The host without a certificate, its nginx not started; DNS and authority are up."""
        self._log: IO[bytes] = (self.folder.with_suffix(".log")).open("wb")
        self._processes: list[subprocess.Popen[bytes]] = []
        start = ["unshare", "--mount", "--net", "sh", "-euc", _START, "acme-lab"]
        self.host = subprocess.Popen(
            [*start, str(debian()), str(self.folder), str(self.image)], stderr=self._log
        )
        wait(lambda: self.inside("test", "-e", self.folder / "ready").code == 0)
        self._install()
        self.resolving(dict.fromkeys(self.names, "127.0.0.1"))
        self.start_authority()

    def stop(self) -> None:
        for process in [*self._processes, self.host]:
            # Not at once by force: nginx ends its own processes, which would stay.
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()

    # ---- running ----

    def _enter(self, *command: object) -> list[str]:
        enter = ["nsenter", f"--target={self.host.pid}", "--net", "--mount"]
        return [*enter, *(str(word) for word in command)]

    def inside(self, *command: object) -> Done:
        """Run this machine's command in the host's network and mounts."""
        done = subprocess.run(
            self._enter(*command), capture_output=True, text=True, check=False, timeout=120
        )
        return Done(done.returncode, done.stdout + done.stderr)

    def run(self, *command: object) -> Done:
        """Run a command on the host."""
        return self.inside("chroot", self.folder / "root", "env", "-i", _PATH, *command)

    def program(self, *arguments: str) -> Done:
        """freehold-certificate."""
        return self.run(PROGRAM, *arguments)

    def timer(self, *arguments: str) -> Done:
        """What certbot.timer starts: Debian's command with our drop-in's lines around it."""
        if self.program("renews").code:
            # What follows a stop is run also when ExecCondition= has skipped the rest.
            return self.run("SERVICE_RESULT=exec-condition", PROGRAM, "renewed")
        trust = "REQUESTS_CA_BUNDLE=/etc/freehold/acme-ca.pem"
        renew = ("certbot", "-q", "renew", "--no-random-sleep-on-renew")
        done = self.run(trust, *renew, *arguments)
        result = "exit-code" if done.code else "success"
        after = self.run(f"SERVICE_RESULT={result}", PROGRAM, "renewed")
        return Done(done.code, done.said + after.said)

    def started(self, *command: object, **environment: str) -> subprocess.Popen[bytes]:
        """Start this machine's command in the host's network and mounts."""
        process = subprocess.Popen(
            self._enter(*command), stdout=self._log, stderr=self._log, env=os.environ | environment
        )
        self._processes.append(process)
        return process

    def read(self, path: str) -> str:
        return self.run("cat", path).said

    def write(self, path: str, text: str, mode: str = "600") -> None:
        write = 'umask 077; mkdir -p "${1%/*}"; cat >"$1"; chmod "$2" "$1"'
        subprocess.run(
            self._enter("sh", "-euc", write, "write", f"{self.folder}/root{path}", mode),
            input=text.encode(),
            check=True,
        )

    # ---- what stands around it ----

    def _install(self) -> None:
        for path in (PROJECT / "files" / "lib" / "freehold_certificate").glob("*.py"):
            self.write(
                f"/usr/local/lib/freehold/freehold_certificate/{path.name}", path.read_text()
            )
        for name in ("freehold-certificate", "freehold-nginx"):
            text = (PROJECT / "files" / "sbin" / name).read_text()
            self.write(f"/usr/local/sbin/{name}", text, "755")
        self.write("/usr/local/bin/docker", _DOCKER, "755")
        settings = PROJECT / "templates" / "certbot" / "cli.ini.j2"
        self.write("/etc/letsencrypt/cli.ini", settings.read_text(), "644")
        # Where it lies on the host, and where nginx sees it.
        for place in ("secrets/quic_host_key", "quic_host_key"):
            self.write(f"/etc/freehold/{place}", "0123456789abcdef" * 4)
        self.describe()

    def describe(self, **changed: object) -> None:
        """Write the settings and nginx's configuration, as the deploy does."""
        names = changed.get("names", self.names)
        assert isinstance(names, list)
        told = {
            "mode": "acme",
            "server": DIRECTORY,
            "profile": "",
            "email": "",
            "nginx_image": "nginx:lab",
            "notify_url": "",
        }
        self.write("/etc/freehold/certificate.json", json.dumps(told | {"names": names} | changed))
        release = self.folder.with_suffix(".nginx")
        shutil.rmtree(release, ignore_errors=True)
        render(Settings(domain=names[0], aliases=names[1:]), release)
        target = f"{self.folder}/root/etc/freehold/nginx/candidate"
        self.inside("sh", "-euc", 'rm -rf "$2"; cp -r "$1" "$2"', "copy", release, target)

    def serve(self) -> None:
        """What the deploy does before the authority is asked: something to serve, nginx up."""
        names = ",".join(f"DNS:{name}" for name in self.names)
        own = "/etc/freehold/tls/selfsigned"
        made = self.run(
            "sh",
            "-euc",
            f"install -d -m 700 {own}; openssl req -x509 -noenc -days 3650 -newkey ec"
            f" -pkeyopt ec_paramgen_curve:P-256 -keyout {own}/privkey.pem"
            f" -out {own}/fullchain.pem -subj /CN=Freehold -addext subjectAltName={names}",
        )
        assert made.code == 0, made.said
        for command in (
            (PROGRAM, "prepare"),
            ("/usr/local/sbin/freehold-nginx", "apply", "acme", "nginx:lab"),
        ):
            done = self.run(*command)
            assert done.code == 0, done.said
        nginx = ("nginx", "-c", "/etc/freehold/nginx/live/nginx.conf", "-g", "daemon off;")
        self.started("chroot", self.folder / "root/nginx", *nginx)
        wait(lambda: bool(self.served()))

    def resolving(self, addresses: dict[str, str]) -> None:
        """Have the DNS know these names, and no others."""
        for process in self._processes:
            if b"challtestsrv" in b"".join(str(word).encode() for word in process.args):  # type: ignore[union-attr]
                process.kill()
                process.wait()
        self.started(
            *("pebble-challtestsrv", "-dns01", "127.0.0.1:53", "-defaultIPv4", ""),
            *("-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""),
            *("-management", "127.0.0.1:8055"),
        )
        for name, address in addresses.items():
            kind = "aaaa" if ":" in address else "a"
            known = json.dumps({"host": name, "addresses": [address]})
            add = (
                "curl",
                "--silent",
                "--fail",
                "--data",
                known,
                f"http://127.0.0.1:8055/add-{kind}",
            )
            wait(lambda add=add: self.inside(*add).code == 0)  # type: ignore[misc]

    def start_authority(
        self, *, life: int = 90 * 86400, refusing: str = "", nonces: int = 0
    ) -> None:
        """A new authority, which knows no account. `nonces`: the percentage that it refuses."""
        self.end_authority()
        folder = self.folder.with_suffix(".authority")
        folder.mkdir(exist_ok=True)
        if not (folder / "server.pem").exists():
            _make_server_certificate(folder)
        configuration = {
            "listenAddress": "127.0.0.1:14000",
            "managementListenAddress": "127.0.0.1:15000",
            "certificate": str(folder / "server.pem"),
            "privateKey": str(folder / "server.key"),
            "httpPort": 80,
            "tlsPort": 443,
            "certificateValidityPeriod": life,
            "domainBlocklist": [refusing] if refusing else [],
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))
        self.write("/etc/freehold/acme-ca.pem", (folder / "server.pem").read_text(), "644")
        self.pebble = self.started(
            *("pebble", "-config", folder / "pebble.json", "-dnsserver", "127.0.0.1:53"),
            PEBBLE_VA_NOSLEEP="1",
            PEBBLE_WFE_NONCEREJECT=str(nonces),
        )
        asked = ("curl", "--silent", "--fail", "--insecure", DIRECTORY)
        wait(lambda: self.inside(*asked).code == 0)

    def end_authority(self) -> None:
        if self.pebble:
            self.pebble.kill()
            self.pebble.wait()

    # ---- looking ----

    def served(self) -> str:
        """The serial that a visitor is shown; empty when nobody answers."""
        script = (
            "import ssl,socket;c=ssl._create_unverified_context();"
            f"s=c.wrap_socket(socket.create_connection(('127.0.0.1',443),5),server_hostname='{DOMAIN}');"
            "import sys;sys.stdout.write(ssl.DER_cert_to_PEM_cert(s.getpeercert(True)))"
        )
        done = self.inside(sys.executable, "-c", script)
        if done.code:
            return ""
        asked = ("openssl", "x509", "-noout", "-serial", "-issuer")
        return subprocess.run(
            asked, input=done.said, capture_output=True, text=True, check=True
        ).stdout

    def status(self) -> dict[str, Any]:
        """The rows of the status by what they are about, and the worst of them."""
        done = self.program("status", "--json")
        rows = json.loads(done.said)
        return {row["what"]: row for row in rows} | {"code": done.code}


_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _make_server_certificate(folder: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-noenc", "-days", "2", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=pebble"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem")),
        ],
        check=True,
        capture_output=True,
    )


def wait(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Ask until it holds; AssertionError when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
