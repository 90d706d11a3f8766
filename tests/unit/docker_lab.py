"""A Docker for freehold_rollout: as much of its API as that asks, and containers that only seem so.

https://docs.docker.com/reference/api/engine/
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any
from urllib.parse import unquote

import pytest

from freehold_rollout import engine, traffic

IMAGE = "freehold/webapp:1"
WANTED = dict.fromkeys(("db", "nginx", "webapp", "worker"), "new")
"""Compose's hash of each service, in the version that is brought."""


@dataclass
class Fake:
    """A container, and what Docker would say of it."""

    id: str
    service: str
    configuration: str
    made_of: str
    """The id that the image's name had."""
    created: int
    running: bool = True
    health: str = "healthy"
    volume: str = ""
    process: int = 0
    """Of which the files are seen as the container's."""
    sites: str = "blog.test"
    policy: str = "unless-stopped"
    """Whether it is started again, and at a boot."""

    def listed(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "Names": [f"/{self.name}"],
            "Labels": {
                "com.docker.compose.service": self.service,
                "com.docker.compose.config-hash": self.configuration,
            },
            "ImageID": self.made_of,
            "Created": self.created,
            "State": "running" if self.running else "exited",
        }

    def inspected(self) -> dict[str, Any]:
        status = "running" if self.running else "exited"
        health = {"Status": self.health}
        return {
            "State": {
                "Status": status,
                "Running": self.running,
                "Health": health,
                "Pid": self.process,
            },
            "RestartCount": 0,
            "Config": {"Image": IMAGE, "Env": [f"ANALYTICS_SITES={self.sites}"]},
            "HostConfig": {"RestartPolicy": {"Name": self.policy}},
            "Mounts": [{"Name": self.volume}],
        }

    @property
    def name(self) -> str:
        return f"freehold-{self.service}-{self.created}"


@dataclass
class Docker:
    """The daemon; below its folder the volumes would be."""

    folder: Path
    images: dict[str, str] = field(default_factory=lambda: {IMAGE: "sha256:1"})
    """The id that a name means now; all containers are of one."""
    there: dict[str, Fake] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    volumes: set[str] = field(default_factory=set)

    def start(self, service: str, configuration: str = "new", **more: Any) -> Fake:
        """A container more; its host is its id."""
        number = len(self.there) + len(self.stopped) + 1
        made = Fake(f"{number:012x}", service, configuration, self.images[IMAGE], number, **more)
        self.there[made.id] = made
        return made

    def _do(self, verb: str, one: Fake, given: Any) -> tuple[int, object]:
        match verb:
            case "stop":
                one.running = False
                self.stopped.append(one.id)
            case "update":
                one.policy = given["RestartPolicy"]["Name"]
            case _:
                return 404, {}
        return 204, {}

    def answer(self, method: str, path: str, given: Any) -> tuple[int, object]:
        what, name = path.partition("?")[0].strip("/").split("/", 1)
        name, _, verb = unquote(name).rpartition("/") if "/" in name else (name, "", "")
        match method, what, name, verb:
            case "GET", "containers", "json", _:
                return 200, [one.listed() for one in self.there.values()]
            case "GET", "images", _, "json":
                known = name in self.images
                return (200, {"Id": self.images[name]}) if known else (404, {})
            case "GET", "containers", _, "json" if name in self.there:
                return 200, self.there[name].inspected()
            case "GET", "volumes", _, _ if name in self.volumes:
                return 200, {"Name": name, "Mountpoint": str(self.folder / name)}
            case "DELETE", "volumes", _, _ if name in self.volumes:
                self.volumes.remove(name)
                return 204, {}
            case "POST", "containers", _, _ if name in self.there:
                return self._do(verb, self.there[name], given)
            case "DELETE", "containers", _, _ if name in self.there:
                del self.there[name]
                return 204, {}
        return 404, {}


@contextmanager
def docker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Docker]:
    """Have freehold_rollout find one."""
    made = Docker(folder)

    class Api(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            given = json.loads(self.rfile.read(length)) if length else None
            status, told = made.answer(self.command, self.path, given)
            text = b"" if status == 204 else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if text:
                self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST", "DELETE"):
        setattr(Api, f"do_{method}", Api.answer)
    with ThreadingUnixStreamServer(str(folder / "docker.sock"), Api) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        monkeypatch.setattr(engine, "_SOCKET", str(folder / "docker.sock"))
        yield made
        server.shutdown()


Webapp = Callable[..., Fake]


@contextmanager
def webapps(sockets: Path, daemon: Docker) -> Iterator[Webapp]:
    """Starts a webapp that says itself that it is well."""

    class Health(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")

    with ExitStack() as stack:

        def start(configuration: str, **more: str) -> Fake:
            made = daemon.start("webapp", configuration, **more)
            path = traffic.own(sockets, made.id)
            server = stack.enter_context(ThreadingUnixStreamServer(str(path), Health))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=[0.01]).start()
            return made

        yield start


@dataclass
class FakeCompose:
    """Starts what it is told to, as the test says how."""

    start: Callable[[str], object]

    def configurations(self) -> dict[str, str]:
        return WANTED

    def add(self, counts: dict[str, int]) -> None:
        for service in counts:
            self.start(service)
