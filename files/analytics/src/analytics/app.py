"""The application factory."""

import os

from flask import Flask, Response

from analytics import database, errors, health
from analytics.access import login_links, sessions, signin, tokens
from analytics.access.event_tokens import EventTokens
from analytics.api import openapi, v1, v2
from analytics.asking import AnyRequest
from analytics.commands import annotations, bots, damaged, delete, retention, sites, status
from analytics.config import Settings
from analytics.logs.cli import command as import_log
from analytics.privacy import page as privacy
from analytics.seeing import annotations as notes
from analytics.seeing import dashboard, stats
from analytics.taking import events, tracker
from analytics.taking.intake import Intake
from analytics.transfer import cli as transfer

# nginx has the same limit: a larger body never gets here.
MAX_BODY_BYTES = 64 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The service, with the settings given or those of the environment."""
    settings = settings or Settings.from_environment(os.environ)
    app = Flask(__name__, static_folder=None, template_folder="seeing/templates")
    app.request_class = AnyRequest
    # DEBUG is said here because Flask would take it from FLASK_DEBUG, in production too.
    app.config.update(DEBUG=False, MAX_CONTENT_LENGTH=MAX_BODY_BYTES)
    # /api//event is not found, rather than a redirect.
    app.url_map.merge_slashes = False
    app.extensions["settings"] = settings
    app.extensions["engine"] = database.make_engine(settings.database)
    app.extensions["intake"] = Intake(settings)
    app.extensions["event_tokens"] = EventTokens(settings.spool)
    errors.register(app)
    app.register_blueprint(events.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(status.blueprint)
    app.register_blueprint(tracker.blueprint(settings.tracker_path))
    for room in (v1, v2, openapi):
        app.register_blueprint(room.blueprint)
    app.register_blueprint(signin.blueprint)
    app.register_blueprint(dashboard.blueprint)
    app.register_blueprint(notes.blueprint)
    if settings.privacy_path:
        app.register_blueprint(privacy.blueprint(settings.privacy_path))
    for noun in (
        *(annotations, bots, damaged, delete, login_links, retention),
        *(sessions, sites, stats, status, tokens),
    ):
        app.cli.add_command(noun.command)
    app.cli.add_command(import_log)
    for command in (transfer.export, transfer.import_, transfer.imports):
        app.cli.add_command(command)
    app.after_request(_forbid_caching)
    return app


def _forbid_caching(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response
