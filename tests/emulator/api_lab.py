"""An emulated Digital Ocean on paper, asked over real HTTP."""

import base64
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema_rs
import requests
import yaml
from werkzeug.serving import make_server

from emulator.digitalocean.app import create_app
from emulator.digitalocean.cloud import Cloud
from emulator.digitalocean.machines import Machines, Paper

_SCHEMAS = yaml.safe_load(Path(__file__).with_name("digitalocean_openapi.yml").read_text())
DROPLET = {
    "name": "blog.test",
    "region": "fra1",
    "size": "s-1vcpu-1gb",
    "image": "debian-13-x64",
    "tags": ["freehold"],
    "ipv6": True,
}
ANYWHERE = {"addresses": ["0.0.0.0/0", "::/0"]}
FIREWALL = {
    "name": "freehold",
    "inbound_rules": [{"protocol": "tcp", "ports": "22", "sources": ANYWHERE}],
    "outbound_rules": [{"protocol": "icmp", "ports": "0", "destinations": ANYWHERE}],
}


def public_key(secret: int = 1) -> str:
    """A key in OpenSSH's form; another for each number."""
    kind = b"ssh-ed25519"
    blob = struct.pack("!I", len(kind)) + kind + struct.pack("!I", 32) + bytes([secret]) * 32
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} me"


def check(name: str, body: object) -> None:
    """Hold `body` to what the published document says of a `name`."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": _SCHEMAS}
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(body)


class Api:
    """A client that has its answers looked at: bodies that refuse, headers, pages."""

    def __init__(self, address: str, cloud: Cloud) -> None:
        self.address = address
        self.cloud = cloud
        self.token = cloud.tokens.of("*")

    def ask(
        self, method: str, path: str, body: object = None, token: str | None = None
    ) -> requests.Response:
        answer = requests.request(
            method,
            f"{self.address}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token if token is None else token}"},
            timeout=20,
        )
        if answer.status_code >= 400 and "json" in answer.headers["content-type"]:
            check("error", answer.json())
        return answer

    def get(self, path: str, kind: str = "") -> Any:
        """What is under the only root of a good answer; each of it held to a `kind`."""
        return self._good(self.ask("GET", path), 200, kind)

    def make(self, path: str, body: object, kind: str = "", status: int = 201) -> Any:
        return self._good(self.ask("POST", path, body), status, kind)

    def _good(self, answer: requests.Response, status: int, kind: str) -> Any:
        assert answer.status_code == status, answer.text
        assert int(answer.headers["ratelimit-remaining"]) >= 0
        document = answer.json()
        [root] = document.keys() - {"links", "meta"}
        found = document[root]
        if isinstance(found, list):
            check("page", document)
        for each in found if isinstance(found, list) else [found]:
            if kind:
                check(kind, each)
        return found

    def misbehave(self, kind: str, **order: object) -> None:
        said = requests.post(
            f"{self.address}/_emulator/misbehave", json={"kind": kind, **order}, timeout=20
        )
        assert said.status_code == 201, said.text

    def done(self) -> None:
        """Let all that is under way end now."""
        with self.cloud.lock:
            for action in self.cloud.state["actions"].values():
                action["_due"] = 0


@contextmanager
def api_in(folder: Path, machines: Machines | None = None, **options: Any) -> Iterator[Api]:
    """The account of `folder`, on a port of its own."""
    cloud = Cloud(folder, machines or Paper(), **options)
    server = make_server("127.0.0.1", 0, create_app(cloud), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Api(f"http://127.0.0.1:{server.server_port}", cloud)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
