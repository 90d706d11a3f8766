"""A small HTTP server on a unix socket, in the place of the service: it says what it saw."""

import json
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Service"

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # Not self.path, in which Python itself merges slashes.
        method, target, _ = self.requestline.split(" ")
        seen = {
            "method": method,
            "target": target,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "size": len(body),
        }
        self.server.seen.append(seen)
        if target == "/api/hangs-up":
            self.close_connection = True
            return
        status = int(target.rpartition("/")[2]) if target.startswith("/api/status/") else 200
        content = json.dumps(seen).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Service", "itself")
        self.end_headers()
        if method != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_HEAD = do_PUT = do_OPTIONS = _answer  # noqa: N815 - http.server's names

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Tests read `seen`."""


class Service(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """What the service was asked is in `seen`, in order."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path) -> None:
        self.seen: list[dict[str, Any]] = []
        self.connections = 0
        super().__init__(str(path), _Handler)
        path.chmod(0o666)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def count(self, target: str, *, settle: float = 0.2) -> int:
        """How often `target` was asked for, once a repetition had its chance."""
        time.sleep(settle)
        return sum(request["target"] == target for request in self.seen)
