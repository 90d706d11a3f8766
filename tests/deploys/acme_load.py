"""Visitors who never stop asking, run in the lab's network: `acme_load.py NAME STOP-FILE`.

Prints how many requests were answered, how many failed, and the serials that were shown.
"""

import http.client
import json
import socket
import ssl
import sys
import threading
from pathlib import Path

NAME, STOP = sys.argv[1], Path(sys.argv[2])
answered = [0]
failed: list[str] = []
serials: set[bytes | None] = set()


def ask(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/")
    response = connection.getresponse()
    response.read()
    answered[0] += 1


def connect() -> http.client.HTTPConnection:
    context = ssl._create_unverified_context()  # noqa: S323 - counts whatever is served
    plain = socket.create_connection(("127.0.0.1", 443), 10)
    secure = context.wrap_socket(plain, server_hostname=NAME)
    serials.add(secure.getpeercert(binary_form=True))
    connection = http.client.HTTPConnection(NAME)
    connection.sock = secure
    return connection


def visit(requests: int) -> None:
    """Each visitor asks so often on one connection."""
    while not STOP.exists():
        try:
            connection = connect()
            for _ in range(requests):
                ask(connection)
                # An nginx that leaves says so with its last answer.
                if connection.sock is None:
                    break
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            failed.append(repr(error))


threads = [threading.Thread(target=visit, args=(requests,)) for requests in (1, 1, 20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"answered": answered[0], "failed": failed, "certificates": len(serials)}))
