"""The built site, served as nginx serves it in production, so that pages can send their events."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, make_response, redirect, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from analytics.config import DEFAULT_PRIVACY_PATH, DEFAULT_TRACKER_PATH

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def in_front_of(service: "WSGIApplication", folder: Path) -> "WSGIApplication":
    """One door for both: the service has `/api/` and the tracker, the site's files all else."""
    site = _create_site(folder)
    pages = {DEFAULT_TRACKER_PATH}
    # A page of the site's own wins.
    if not any((folder / name).exists() for name in ("privacy", "privacy.html")):
        pages.add(DEFAULT_PRIVACY_PATH)

    def door(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        # As nginx does, but for whether there is a token.
        environ["HTTP_X_SENDER_FORWARDED_FOR"] = environ.get("HTTP_X_FORWARDED_FOR", "")
        ours = path.startswith(("/api/", "/stats/")) or path in pages
        behind = service if ours else site
        return behind(environ, start_response)

    return door


def _create_site(folder: Path) -> Flask:
    """Serves the folder: files, `page` for page.html, folders by their index.html, its own 404."""
    app = Flask(__name__, static_folder=None)

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def show(path: str) -> BaseResponse:
        if path and not path.endswith("/") and (folder / path).is_dir():
            return redirect(f"/{path}/", 301)
        name = f"{path}index.html" if path.endswith("/") or not path else path
        for candidate in (name, f"{name}.html"):
            try:
                return send_from_directory(folder, candidate)
            except NotFound:
                continue
        return _not_found(folder)

    return app


def _not_found(folder: Path) -> Response:
    page = folder / "404.html"
    text = page.read_text(encoding="utf-8") if page.is_file() else "<h1>Not found</h1>"
    return make_response(text, 404)
