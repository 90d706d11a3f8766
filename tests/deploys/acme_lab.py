"""A host's certificate program with real certbot, pebble and nginx, at this machine's own speed.

nginx of the stand-in image runs in a folder of the host; a script stands for the two commands that
`freehold-nginx` gives Docker.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.deploys.debian_lab import DebianLab, Done, debian, wait
from tests.unit.nginx_render import PROJECT, Settings, render

PACKAGES = "certbot,python3-dnspython,openssl,ca-certificates"
DOMAIN, ALIAS = "blog.test", "www.blog.test"
DIRECTORY = "https://127.0.0.1:14000/dir"
PROGRAM = "/usr/local/sbin/freehold-certificate"

# $3: nginx's image.
_MOUNTS = """
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
"""

# What freehold-nginx asks of Docker: nginx's check with the candidates mounted, and its process.
_DOCKER = """#!/bin/sh
set -eu
case $1 in
ps) echo nginx ;;
inspect)
  case $3 in
  *Pid*) echo "$(cat /nginx/run/nginx.pid) nginx:lab nginx" ;;
  *) echo nginx:lab ;;
  esac ;;
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


@dataclass
class Lab(DebianLab):
    """The host, its nginx of the unpacked image `image`."""

    image: Path
    names: list[str] = field(default_factory=lambda: [DOMAIN, ALIAS])
    pebble: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """The host without a certificate, its nginx not started; DNS and authority are up."""
        self.begin(debian("certbot", PACKAGES), _MOUNTS, self.image)
        self._install()
        self.resolving(dict.fromkeys(self.names, "127.0.0.1"))
        self.start_authority()

    # ---- running ----

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

    def read(self, path: str) -> str:
        return self.run("cat", path).said

    # ---- what stands around it ----

    def _install(self) -> None:
        self.install(
            ("freehold_host", "freehold_certificate"),
            ("freehold-certificate", "freehold-nginx"),
            _DOCKER,
        )
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
            "key_type": "ecdsa-p256",
            "email": "",
            "nginx_image": "nginx:lab",
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
        self.started_inside("chroot", self.folder / "root/nginx", *nginx)
        wait(lambda: bool(self.served()))

    def resolving(self, addresses: dict[str, str]) -> None:
        """Have the DNS know these names, and no others."""
        for process in self.processes:
            if b"challtestsrv" in b"".join(str(word).encode() for word in process.args):  # type: ignore[union-attr]
                process.kill()
                process.wait()
        self.started_inside(
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
        self.pebble = self.started_inside(
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
