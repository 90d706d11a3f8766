"""GET /api/docs/openapi.json: the description of the Stats API for programs, OpenAPI 3.1."""

from pathlib import Path

from flask import Blueprint, Response

_DOCUMENT = Path(__file__).with_name("openapi.json")

blueprint = Blueprint("openapi", __name__, url_prefix="/api/docs")


@blueprint.get("/openapi.json")
def show() -> Response:
    """The document. It holds nothing of the site, so anybody may read it."""
    return Response(_DOCUMENT.read_bytes(), mimetype="application/json")
