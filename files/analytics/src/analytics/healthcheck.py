"""`python -m analytics.healthcheck`: asks the running service how it is; exit code 1 if not well.

Docker runs it in the container, so it stays small: the standard library only.
"""

import http.client
import os
import socket
import sys

_SECONDS = 4.0


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, as nginx speaks it with the service."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def check(path: str) -> str | None:
    """What is wrong with the service behind this socket; None if all is well."""
    connection = _UnixConnection(path)
    try:
        connection.request("GET", "/api/health")
        response = connection.getresponse()
        body = response.read(4096).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"{path}: {error or type(error).__name__}"
    finally:
        connection.close()
    return None if response.status == 200 else f"{response.status}: {body}"


def main() -> int:
    """The exit code for Docker; the reason goes to its health log."""
    fault = check(os.environ.get("ANALYTICS_SOCKET", "/run/webapp/webapp.sock"))
    if fault is not None:
        print(fault, file=sys.stderr)
    return 0 if fault is None else 1


if __name__ == "__main__":
    sys.exit(main())
