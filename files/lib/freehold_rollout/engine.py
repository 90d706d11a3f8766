"""Docker's own API: its command line takes a second on a small machine, each time.

https://docs.docker.com/reference/api/engine/
"""

import http.client
import json
import os
import socket
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Any
from urllib.parse import quote

from freehold_host.trouble import Trouble

_SOCKET = "/run/docker.sock"
_OURS = ["com.docker.compose.project=freehold", "com.docker.compose.oneoff=False"]
# Docker's restart policies, of which the second one is that of whoever stands by.
ON_DUTY, STANDING_BY = "unless-stopped", "no"


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(_SOCKET)


@dataclass(frozen=True)
class Container:
    """A container of the project."""

    id: str
    name: str
    service: str
    configuration: str
    """What compose calls its hash: of all that the compose file says of it."""
    image: str
    created: int
    running: bool

    @property
    def host(self) -> str:
        """What the container calls itself."""
        return self.id[:12]


def ask(method: str, path: str, given: object = None) -> Any:  # noqa: ANN401 - JSON
    """What the daemon answers; None when there is no such thing."""
    connection = _Connection("docker")
    try:
        body = None if given is None else json.dumps(given)
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        text = answer.read()
    except OSError as error:
        raise Trouble(f"Docker does not answer ({error}). Type: systemctl restart docker") from None
    finally:
        connection.close()
    if answer.status == http.client.NOT_FOUND:
        return None
    if answer.status >= http.client.BAD_REQUEST:
        raise Trouble(f"Docker refused {method} {path}: {text.decode(errors='replace').strip()}")
    return json.loads(text) if text.strip() else {}


def containers() -> list[Container]:
    """Those of the project's services, the oldest first; without those that stand by."""
    found = everyone()
    counted = Counter(one.service for one in found)
    return [one for one in found if counted[one.service] == 1 or _policy(one) == ON_DUTY]


def standing_by() -> list[Container]:
    """Those that do (standby.py), also when they have ended."""
    found = everyone()
    counted = Counter(one.service for one in found)
    return [one for one in found if counted[one.service] > 1 and _policy(one) == STANDING_BY]


def everyone() -> list[Container]:
    """Those on duty and those that stand by, the oldest first: what compose counts."""
    filters = quote(json.dumps({"label": _OURS}))
    found = [
        Container(
            id=one["Id"],
            name=one["Names"][0].lstrip("/"),
            service=one["Labels"]["com.docker.compose.service"],
            configuration=one["Labels"].get("com.docker.compose.config-hash", ""),
            image=one["ImageID"],
            created=one["Created"],
            running=one["State"] == "running",
        )
        for one in ask("GET", f"/containers/json?all=1&filters={filters}")
    ]
    return sorted(found, key=lambda one: one.created)


def _policy(container: Container) -> str:
    """Whether Docker starts it again; nothing of one that was removed meanwhile."""
    found = ask("GET", f"/containers/{container.id}/json")
    return str(found["HostConfig"]["RestartPolicy"]["Name"]) if found else ""


def set_policy(container: Container, policy: str) -> None:
    """Have Docker start it again when it has ended, or not."""
    ask("POST", f"/containers/{container.id}/update", {"RestartPolicy": {"Name": policy}})


def tell(container: Container, signal: Signals) -> None:
    """Send its program a signal; one that has just ended need not know.

    Not by Docker, which takes any signal for a stop by hand: freehold-nginx says why.
    """
    process = state(container)["State"]["Pid"]
    # 0 is one that has just ended, and to kill the whole group of this program.
    if process > 0:
        with suppress(ProcessLookupError):
            os.kill(process, signal)


def catches(container: Container, signal: Signals) -> bool:
    """Whether its program has a use for this signal, which to others would be the end."""
    process = state(container)["State"]["Pid"]
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    # https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    caught = status.partition("SigCgt:")[2].split(maxsplit=1)[0]
    return bool(int(caught, 16) & (1 << (signal - 1)))


def state(container: Container) -> dict[str, Any]:
    """What Docker knows of it now; Trouble when it is gone."""
    found = ask("GET", f"/containers/{container.id}/json")
    if found is None:
        raise Trouble(f"{container.name} was removed meanwhile. Type: make deploy")
    return dict(found)


def image_of(name: str) -> str | None:
    """The id of the image that has this name now."""
    found = ask("GET", f"/images/{quote(name, safe='/:@')}/json")
    return None if found is None else str(found["Id"])


def is_current(container: Container, configuration: str) -> bool:
    """Whether it runs as described, by the image that its image's name means now."""
    if not container.running or container.configuration != configuration:
        return False
    return image_of(state(container)["Config"]["Image"]) == container.image


def holds(container: Container, path: str) -> bool:
    """Whether it has this file, in its own file systems; also false where that can't be seen."""
    process = state(container)["State"]["Pid"]
    try:
        # 0 is one that has just ended.
        return process > 0 and Path(f"/proc/{process}/root{path}").exists()
    except OSError:
        return False


def remove(chosen: Iterable[Container]) -> None:
    """Stop them at the same time, each as it asks to be stopped, and remove them."""
    if them := list(chosen):
        with ThreadPoolExecutor(len(them)) as threads:
            list(threads.map(_remove, them))


def _remove(container: Container) -> None:
    ask("POST", f"/containers/{container.id}/stop")
    ask("DELETE", f"/containers/{container.id}?force=1")
