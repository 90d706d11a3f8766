"""Asks the running service how it is; exit code 1 if not well.

Docker runs it in the container every minute, as a script of its own: it is at work for a moment
only, and takes a few megabytes, as it loads next to nothing, not even this package. A service that
is not well is asked again for a while: so one that starts is found well as soon as it is, by one
script. To begin one costs a slow machine seconds, in which the service could have started.
"""

import os
import socket
import sys
import time

_SECONDS = 4.0
# Both together end well within what the compose file gives a check.
_PATIENCE = 60.0
_PAUSE = 1.0
# In HTTP/1.0 the answer ends with the connection.
_REQUEST = b"GET /api/health HTTP/1.0\r\nHost: localhost\r\n\r\n"


def check(path: str) -> str | None:
    """What is wrong with the service behind this unix socket; None if all is well."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(path)
            connection.sendall(_REQUEST)
            with connection.makefile("rb") as answer:
                head, _, body = answer.read(4096).decode(errors="replace").partition("\r\n\r\n")
    except OSError as error:
        return f"{path}: {error}"
    status = head.split("\r\n")[0]
    return None if status.split(" ")[1:2] == ["200"] else f"{status or 'no answer'}: {body.strip()}"


def main() -> int:
    """The exit code for Docker; the reason goes to its health log."""
    # Not by the name, which may lead to the webapp that is still in use (doorway.py).
    folder, name = os.path.split(os.environ.get("ANALYTICS_SOCKET", "/run/webapp/webapp.sock"))
    own = f"{folder}/{socket.gethostname()[:12]}.{name}"
    deadline = time.monotonic() + _PATIENCE
    while (fault := check(own)) is not None and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    if fault is not None:
        print(fault, file=sys.stderr)
    return 0 if fault is None else 1


if __name__ == "__main__":
    sys.exit(main())
