"""Carrying out what was ordered by the side door, on the request at hand."""

import socket

from flask import Response, g, request

from emulator.digitalocean.cloud import Cloud
from emulator.digitalocean.errors import RefusedError
from emulator.digitalocean.misbehaviour import Order

# What stands before a broken gateway answers by itself: no JSON, no request id of the API's.
_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)


def _ordered(cloud: Cloud, kind: str) -> Order | None:
    return cloud.misbehaviour.take(kind, request.method, request.path)


def _cut() -> None:
    """End the connection under the answer, as a network does that breaks."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection:
        connection.shutdown(socket.SHUT_RDWR)


def _gateway() -> Response:
    return Response(_PAGE, 502, mimetype="text/html")


def before(cloud: Cloud) -> Response | None:
    """An answer instead of the deed."""
    too_many = _ordered(cloud, "too-many-requests")
    if too_many:
        wait = {"retry-after": f"{too_many.seconds:g}"}
        raise RefusedError(429, "API Rate limit exceeded.", wait)
    if _ordered(cloud, "server-error"):
        raise RefusedError(500, "Server was unable to give you a response.")
    if _ordered(cloud, "bad-gateway"):
        return _gateway()
    if _ordered(cloud, "cut-before"):
        _cut()
        # Nobody reads this one.
        return Response(status=503)
    return None


def after(cloud: Cloud, answer: Response) -> Response:
    """Another answer than the one that is true, or none."""
    if answer.status_code >= 400:
        # Only what was done can be hidden.
        return answer
    if _ordered(cloud, "cut-after"):
        _cut()
    elif _ordered(cloud, "bad-gateway-after"):
        return _gateway()
    elif _ordered(cloud, "server-error-after"):
        words = "Server was unable to give you a response."
        return RefusedError(500, words).response(g.request_id)
    return answer
