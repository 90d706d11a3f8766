"""Which webapp nginx sends requests to: the one that a link in the folder of sockets leads to.

Each webapp listens on sockets of its own (files/analytics/src/analytics/doorway.py).
"""

import socket
from pathlib import Path

from freehold_host.links import lead, target_of

# By which nginx finds them (templates/nginx/upstream.conf.j2 and site.conf.j2).
NAMES = ("webapp.sock", "log.sock")
_SECONDS = 5.0
_REQUEST = b"GET /api/health HTTP/1.0\r\nHost: localhost\r\n\r\n"


def own(folder: Path, host: str, name: str = NAMES[0]) -> Path:
    """The socket of the webapp in the container that calls itself `host`."""
    return folder / f"{host}.{name}"


def in_use(folder: Path) -> str:
    """The host of the webapp that nginx sends requests to; nothing when no link tells."""
    return target_of(folder / NAMES[0]).partition(".")[0]


def is_well(folder: Path, host: str) -> bool:
    """Whether this webapp says that it can take and store events."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(str(own(folder, host)))
            connection.sendall(_REQUEST)
            with connection.makefile("rb") as answer:
                return answer.readline().split()[1:2] == [b"200"]
    except OSError:
        return False


def tells_of_pages(folder: Path, host: str) -> bool:
    """Whether nginx is to tell it of the pages that it shows."""
    return own(folder, host, NAMES[1]).is_socket()


def send_to(folder: Path, host: str) -> None:
    """From now on nginx's connections reach this webapp: one rename each."""
    for name in NAMES:
        target = own(folder, host, name)
        if not target.is_socket():
            # Of a webapp before that was told of pages.
            (folder / name).unlink(missing_ok=True)
            continue
        lead(folder / name, target.name)


def forget(folder: Path, hosts: set[str]) -> None:
    """Remove the sockets of webapps that are no longer there; `hosts` are those that are."""
    for path in folder.glob("*.sock"):
        if path.name not in NAMES and path.name.partition(".")[0] not in hosts:
            path.unlink(missing_ok=True)
