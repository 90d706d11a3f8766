"""The application: what is done for every request, before and after it."""

import time
import uuid
from http import HTTPStatus

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from emulator.digitalocean import breaking
from emulator.digitalocean.account import account as account_part
from emulator.digitalocean.actions import actions, go_on, notice
from emulator.digitalocean.catalogue import catalogue
from emulator.digitalocean.cloud import Cloud, cloud
from emulator.digitalocean.domains import domains
from emulator.digitalocean.droplet_actions import droplet_actions
from emulator.digitalocean.droplets import droplets
from emulator.digitalocean.errors import RefusedError, not_found
from emulator.digitalocean.firewalls import firewalls
from emulator.digitalocean.keys import keys
from emulator.digitalocean.records import records
from emulator.digitalocean.reserved_ips import reserved_ips
from emulator.digitalocean.side_door import PREFIX, side_door
from emulator.digitalocean.tags import tags
from emulator.digitalocean.tokens import scopes_of
from emulator.digitalocean.uptime import uptime
from emulator.errors import EmulatorError

_PARTS = (
    account_part,
    actions,
    catalogue,
    domains,
    droplet_actions,
    droplets,
    firewalls,
    keys,
    records,
    reserved_ips,
    side_door,
    tags,
    uptime,
)


def _admit() -> Response | None:
    account = cloud()
    g.request_id = str(uuid.uuid4())
    if request.path.startswith(PREFIX):
        return None
    late = account.misbehaviour.take("late", request.method, request.path)
    if late:
        time.sleep(late.seconds)
    account.lock.acquire()
    g.locked = True
    go_on(account)
    notice(account)
    g.token = account.tokens.known(request.headers.get("Authorization", ""))
    lists_keys = (request.method, request.path) == ("GET", "/v2/account/keys")
    account.limits.count(g.token, account.now, lists_keys=lists_keys)
    broken = breaking.before(account)
    if broken:
        return broken
    account.tokens.check(g.token, *scopes_of(request.method, request.path))
    return None


def _finish(answer: Response) -> Response:
    account = cloud()
    if request.path.startswith(PREFIX):
        return answer
    # On disk before it is told to anybody.
    account.state.write()
    account.requests.append(
        {"method": request.method, "path": request.full_path, "status": answer.status_code}
    )
    if answer.status_code == HTTPStatus.NO_CONTENT:
        del answer.headers["content-type"]
    answer.headers["x-request-id"] = g.request_id
    if "token" in g:
        answer.headers.update(account.limits.headers(g.token, account.now))
    return breaking.after(account, answer)


def _leave(_: BaseException | None) -> None:
    if g.pop("locked", False):
        cloud().lock.release()


def _refuse(error: Exception) -> Response:
    if isinstance(error, RefusedError):
        return error.response(g.request_id)
    if isinstance(error, EmulatorError):
        return RefusedError(500, str(error)).response(g.request_id)
    status = (error.code if isinstance(error, HTTPException) else None) or 500
    words = not_found().message if status == 404 else HTTPStatus(status).phrase
    return RefusedError(status, words).response(g.request_id)


def create_app(account: Cloud) -> Flask:
    """The API of one account."""
    app = Flask("emulated-digitalocean")
    app.extensions["cloud"] = account
    # As documents are read: in the order in which they were written. Flask's types know only what
    # every provider has, and not the one that is its default.
    app.json.sort_keys = False  # type: ignore[attr-defined]
    for part in _PARTS:
        app.register_blueprint(part)
    app.before_request(_admit)
    app.after_request(_finish)
    app.teardown_request(_leave)
    for kind in (RefusedError, EmulatorError, HTTPException):
        app.register_error_handler(kind, _refuse)
    return app
