"""The emulated Digital Ocean in this process, over real HTTP, and runs of droplet.py against it."""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric import ed25519
from werkzeug.serving import WSGIRequestHandler, make_server

from digitalocean.account import concerns
from digitalocean.client import Client
from digitalocean.cloud import Cloud
from digitalocean.token import Token
from emulator.digitalocean import cloud as emulated
from emulator.digitalocean.app import create_app
from emulator.digitalocean.limits import Limits
from emulator.digitalocean.machines import Paper
from settings.load import settings_of
from settings.model import Settings
from tests.emulator.api_lab import check
from tests.unit.settings_lab import public_line

FULL, READING, NARROW = "dop_v1_full", "dop_v1_reading", "dop_v1_narrow"
# As docs/digitalocean.md has it for a machine that only deploys.
LOOKING = [f"{noun}:read" for noun in ("droplet", "tag", "regions", "sizes", "image", "actions")]
DOMAIN, ZONE = "blog.example.org", "example.org"
# Each body that our client sends is held to the published document.
SENT = {
    "/v2/account/keys": "send_ssh_key",
    "/v2/droplets": "send_droplet",
    "/v2/firewalls(/[^/]+)?": "send_firewall",
    "/v2/tags": "send_tag",
    "/v2/tags/[^/]+/resources": "send_resources",
    "/v2/reserved_ips": "send_reserved_ip",
    "/v2/reserved_ips/[^/]+/actions": "send_reserved_ip_action",
    "/v2/domains/[^/]+/records(/[0-9]+)?": "send_domain_record",
    "/v2/uptime/checks(/[^/]+)?": "send_check",
    "/v2/uptime/checks/[^/]+/alerts(/[^/]+)?": "send_alert",
}


class Clock:
    """The time, and all that clients have waited since it was set: they wait without waiting."""

    def __init__(self) -> None:
        self.waited = 0.0

    def wait(self, seconds: float) -> None:
        self.waited += seconds

    def now(self) -> float:
        return time.time() + self.waited


CLOCK = Clock()


class CutOffError(BaseException):
    """The run ends here, as a power cut ends it."""


class CutClient(Client):
    """A client whose run is cut off before or after its n-th request."""

    def __init__(self, url: str, token: str, *, before: int = 0, after: int = 0) -> None:
        super().__init__(Token(token, "the test"), url, sleep=CLOCK.wait, now=CLOCK.now)
        self._before, self._after = before, after
        self._count = 0

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, *arguments: Any
    ) -> requests.Response:
        if body is not None:
            check(_sent(path), body)
        self._count += 1
        if self._count == self._before:
            raise CutOffError
        answer = super()._send(method, path, body, *arguments)
        if self._count == self._after:
            raise CutOffError
        return answer


def _sent(path: str) -> str:
    """What the published document calls the body of a request to `path`."""
    return next(name for pattern, name in SENT.items() if re.fullmatch(pattern, path))


def ask(url: str, token: str, method: str, path: str, body: object = None) -> Any:
    """One request to the API, which must succeed; what it answers."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.request(method, f"{url}{path}", json=body, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json() if answer.content else {}


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any, **__: Any) -> None:
        pass


class Ocean:
    """An account, and a machine that its owner types at."""

    def __init__(self, folder: Path, url: str, account: emulated.Cloud) -> None:
        self.folder = folder
        self.url = url
        self.account = account
        self.said: list[str] = []

    def settings(self, **more: object) -> Settings:
        """A whole description."""
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        (site / "index.html").write_text("<h1>Hello</h1>")
        key = self.folder / "id.pub"
        if not key.exists():
            key.write_text(public_line(ed25519.Ed25519PrivateKey.generate(), "me@home") + "\n")
        described: dict[str, object] = {
            "domain": DOMAIN,
            "site_path": str(site),
            "authorized_keys": [str(key)],
            "droplet_region": "fra1",
            "reserved_address": "yes",
            "uptime_check": True,
            "uptime_email": "owner@blog.test",
        }
        return settings_of(described | more)

    def cloud(self, client: Client | None = None, machine: str = "machine") -> Cloud:
        client = client or CutClient(self.url, FULL)
        return Cloud(client, self.folder / machine, DOMAIN, self.said.append)

    def wait_until_active(self, number: int) -> None:
        while self.ask("GET", f"/v2/droplets/{number}")["droplet"]["status"] != "active":
            CLOCK.wait(1.0)

    def run(self, client: Client | None = None, **more: object) -> list[str]:
        """What droplet.py does; what it changed."""
        settings = self.settings(**more)
        cloud = self.cloud(client)
        parts = concerns(cloud, settings)
        changes = [change for _, part in parts for change in part.pending()]
        for _, part in parts:
            if part.pending():
                part.mend()
        return changes

    def order(self, kind: str, **more: object) -> None:
        """Have the emulator misbehave."""
        body = {"kind": kind, **more}
        requests.post(f"{self.url}/_emulator/misbehave", json=body, timeout=10).raise_for_status()

    def behave(self) -> None:
        requests.delete(f"{self.url}/_emulator/misbehave", timeout=10).raise_for_status()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What the owner does by hand."""
        return ask(self.url, FULL, method, path, body)

    def asked(self) -> list[str]:
        """What was asked of the API since the last time, as `GET /v2/droplets`."""
        path = f"{self.url}/_emulator/requests"
        found = requests.get(path, timeout=10).json()["requests"]
        requests.delete(path, timeout=10).raise_for_status()
        return [f"{one['method']} {one['path'].partition('?')[0]}" for one in found]

    def things(self) -> Counter[str]:
        """How many of each there are, read from the account itself and not by our client."""
        state = self.account.state
        found = Counter({kind: len(state[kind]) for kind in KINDS})
        for record in state["records"].values():
            if record["type"] not in ("SOA", "NS"):
                found[f"{record['type']} {record['name']}"] += 1
        return found


KINDS = ("keys", "droplets", "firewalls", "reserved_ips", "checks", "alerts")


@contextmanager
def ocean(folder: Path, tokens: dict[str, list[str]] | None = None, **more: Any) -> Iterator[Ocean]:
    """An account with one zone and nothing else."""
    where = folder / "cloud"
    where.mkdir(parents=True)
    known = {FULL: ["*"], READING: ["read"], NARROW: LOOKING} | (tokens or {})
    (where / "tokens.json").write_text(json.dumps(known))
    CLOCK.waited = 0.0
    account = emulated.Cloud(
        folder=where, machines=Paper(), limits=Limits(10**6, 10**6), clock=CLOCK.now, **more
    )
    server = make_server("127.0.0.1", 0, create_app(account), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        made = Ocean(folder, f"http://127.0.0.1:{server.server_port}", account)
        made.ask("POST", "/v2/domains", {"name": ZONE})
        made.asked()
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
