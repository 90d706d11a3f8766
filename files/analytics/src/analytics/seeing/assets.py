"""Styles and scripts of the dashboard: kept for ever under their hash."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Response, request, send_from_directory, url_for

FOLDER = Path(__file__).parent / "static"
_A_YEAR = "public, max-age=31536000, immutable"


def asset(name: str) -> str:
    """The address of a file, which changes when its content does."""
    return url_for("dashboard.static_file", name=name, v=_hash(name))


def send(name: str) -> Response:
    """The file. NotFound for what is none, or is outside of the folder."""
    response = send_from_directory(FOLDER, name)
    known = (FOLDER / name).is_file() and request.args.get("v") == _hash(name)
    response.headers["Cache-Control"] = _A_YEAR if known else "no-cache"
    return response


@cache
def _hash(name: str) -> str:
    return sha256((FOLDER / name).read_bytes()).hexdigest()[:16]
