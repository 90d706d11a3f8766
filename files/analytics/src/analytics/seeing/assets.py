"""Styles and scripts of the dashboard: kept for ever under their hash."""

from hashlib import sha256
from pathlib import Path

from flask import Response, abort, request, send_from_directory, url_for

FOLDER = Path(__file__).parent / "static"
_A_YEAR = "public, max-age=31536000, immutable"
# A name has many spellings (`./base.css`), and anybody may ask for any of them: what was kept of
# each would fill the memory.
_HASHES = {
    path.relative_to(FOLDER).as_posix(): sha256(path.read_bytes()).hexdigest()[:16]
    for path in FOLDER.rglob("*")
    if path.is_file()
}


def asset(name: str) -> str:
    """The address of a file, which changes when its content does."""
    return url_for("dashboard.static_file", name=name, v=_HASHES[name])


def send(name: str) -> Response:
    """The file. NotFound for what is none, and for another spelling of its name."""
    if name not in _HASHES:
        abort(404)
    response = send_from_directory(FOLDER, name)
    known = request.args.get("v") == _HASHES[name]
    response.headers["Cache-Control"] = _A_YEAR if known else "no-cache"
    return response
