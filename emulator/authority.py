"""A certificate authority of the droplet's own: Debian's pebble, and the DNS that it asks.

https://github.com/letsencrypt/pebble
"""

import json
import os
import signal
import ssl
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from emulator.errors import EmulatorError
from emulator.ports import Ports, any_free
from emulator.process import wait_for_end

# In the droplet's network, whatever port of this machine it leads to: so a clone of the droplet,
# which has ports of its own, is described as the first one is.
ADDRESS = "81.2.69.4"
# No name in this zone is anybody's (RFC 6761).
ZONE = "test"
_SECONDS = 20
# Long enough for each test, and short enough that a year is never what something depends on.
_LIFE = 90 * 86400
# What the droplet is to run, so that it has one more DNS server, for this zone alone. With a link
# of its own, for a server without one is asked for all names.
# https://www.freedesktop.org/software/systemd/man/257/systemd-resolved.service.html
INTRODUCTION = f"""
cd /etc/systemd/network
cat >/run/zone.network <<'END'
[Match]
Name=zone

[Network]
Address=198.51.100.53/32
LinkLocalAddressing=no
DNS={ADDRESS}
Domains=~{ZONE}
DNSDefaultRoute=no
END
cmp -s /run/zone.network zone.network || {{
  printf '[NetDev]\\nName=zone\\nKind=dummy\\n' >zone.netdev
  cp /run/zone.network zone.network
  systemctl restart systemd-networkd
}}
"""


@dataclass(frozen=True)
class Authority:
    """The authority of the droplet in `droplet`; its own files are in a folder in there."""

    droplet: Path
    ports: Ports
    # Whether somebody else answers on the port of its DNS.
    names_elsewhere: bool = False

    @property
    def folder(self) -> Path:
        return self.droplet / "authority"

    @property
    def roots(self) -> Path:
        """All roots that it ever had, as PEM: pebble makes a new one at each start."""
        return self.folder / "roots.pem"

    @property
    def certificate(self) -> Path:
        """That of its own HTTPS, which clients are told to trust."""
        return self.folder / "server.pem"

    def data(self) -> dict[str, object]:
        """What the deploy is to know of it."""
        return {"acme_server": f"https://{ADDRESS}/dir", "acme_ca": str(self.certificate)}

    def forward(self) -> str:
        """What makes QEMU's user-mode network lead there, and to its DNS, by TCP."""
        return ",".join(
            f"guestfwd=tcp:{ADDRESS}:{port}-cmd:socat - TCP:127.0.0.1:{target}"
            for port, target in ((443, self.ports.acme), (53, self.ports.dns))
        )

    # ---- its life ----

    def up(self) -> None:
        """Start what does not run of it."""
        self.folder.mkdir(exist_ok=True)
        self._make_certificate()
        if (self.names_elsewhere or self._pid("dns")) and self._pid("pebble"):
            return
        # One without the other is of no use, and pebble keeps nothing anyway.
        self.end()
        if not self.names_elsewhere:
            self._start_dns()
        management = any_free()
        (self.folder / "pebble.json").write_text(json.dumps(self._configuration(management)))
        self._start(
            "pebble",
            *("pebble", "-config", str(self.folder / "pebble.json")),
            *("-dnsserver", f"127.0.0.1:{self.ports.dns}"),
        )
        self._keep_root(management)

    def _start_dns(self) -> None:
        self._start(
            "dns",
            "pebble-challtestsrv",
            *("-dns01", f"127.0.0.1:{self.ports.dns}", "-defaultIPv6", ""),
            *("-http01", "", "-https01", "", "-tlsalpn01", ""),
            *("-management", f"127.0.0.1:{any_free()}"),
        )

    def end(self) -> None:
        """End what runs of it."""
        for name in ("pebble", "dns"):
            pid = self._pid(name)
            if pid:
                os.kill(pid, signal.SIGKILL)
                wait_for_end(pid, 10)

    def _pid(self, name: str) -> int | None:
        try:
            pid = int((self.folder / f"{name}.pid").read_text())
            # And not a later process of that id.
            lives_here = Path(f"/proc/{pid}/cwd").readlink() == self.folder
        except (OSError, ValueError):
            return None
        return pid if lives_here else None

    def _start(self, name: str, *command: str) -> None:
        # Each validation would wait some seconds, and each twentieth request be refused.
        environment = os.environ | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        # Left behind by a shell, for it outlives the program that starts it.
        behind = ["sh", "-c", '"$@" & echo $! >"$0"', str(self.folder / f"{name}.pid")]
        with (self.folder / f"{name}.log").open("w") as log:
            subprocess.run(
                [*behind, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self.folder,
                check=True,
                start_new_session=True,
            )

    def _configuration(self, management: int) -> dict[str, object]:
        return {
            "pebble": {
                "listenAddress": f"127.0.0.1:{self.ports.acme}",
                "managementListenAddress": f"127.0.0.1:{management}",
                "certificate": str(self.certificate),
                "privateKey": str(self.folder / "server.key"),
                "httpPort": self.ports.http,
                "tlsPort": self.ports.https,
                "ocspResponderURL": "",
                "externalAccountBindingRequired": False,
                "certificateValidityPeriod": _LIFE,
            }
        }

    def _make_certificate(self) -> None:
        if self.certificate.exists():
            return
        half_made = self.certificate.with_suffix(".new")
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-noenc", "-days", "3650", "-newkey", "ec"),
                *("-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=Authority of a droplet"),
                *("-addext", f"subjectAltName=IP:{ADDRESS},IP:127.0.0.1"),
                *("-keyout", str(self.folder / "server.key"), "-out", str(half_made)),
            ],
            check=True,
            capture_output=True,
        )
        half_made.rename(self.certificate)

    def _keep_root(self, management: int) -> None:
        """Add the root of this start to those of before."""
        trust = ssl.create_default_context(cafile=self.certificate)
        address = f"https://127.0.0.1:{management}/roots/0"
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                with urllib.request.urlopen(address, context=trust, timeout=5) as answer:
                    root: bytes = answer.read()
                break
            except OSError as error:
                if not self._pid("pebble") or time.monotonic() > deadline:
                    last = (self.folder / "pebble.log").read_text().splitlines()[-3:]
                    raise EmulatorError(
                        f"The test authority did not start ({error}): {' '.join(last)}\n"
                        "Is it installed? Type: make packages"
                    ) from None
                time.sleep(0.1)
        with self.roots.open("ab") as roots:
            roots.write(root)
