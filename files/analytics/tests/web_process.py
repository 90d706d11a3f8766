"""The service's web processes as production starts them, and HTTP as nginx speaks it with them."""

import http.client
import socket
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
COMMAND = [
    *(sys.executable, "-OO", "-m", "gunicorn", "--config", str(PROJECT / "gunicorn.conf.py")),
    "analytics.app:create_app()",
]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
