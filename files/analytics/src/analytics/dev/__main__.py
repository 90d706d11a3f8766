"""`python -m analytics.dev`: the service and a built site on this machine, without Docker.

The code is reloaded when it changes. The database is a real PostgreSQL that starts empty and ends
with this program.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from werkzeug.serving import is_running_from_reloader, run_simple

from analytics.app import create_app
from analytics.config import Settings
from analytics.database import make_engine
from analytics.dev import access_log, demo, postgres, site
from analytics.environment import PREFIX
from analytics.logs.receiver import Receiver
from analytics.migrate import migrate

# Never another: what serves here has no protection at all.
_HOST = "127.0.0.1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until Ctrl-C."""
    options = _parser().parse_args(arguments)
    if not (options.site / "index.html").is_file():
        print(f"{options.site}/index.html is missing: build the site first.", file=sys.stderr)
        return 1
    if is_running_from_reloader():
        _serve(options)
        return 0
    # A plain SIGTERM would leave PostgreSQL running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with postgres.running() as database, TemporaryDirectory(prefix="analytics-") as folder:
        database.execute("CREATE DATABASE analytics")
        url = database.url("analytics")
        engine = make_engine(url)
        migrate(engine, wait_seconds=30)
        engine.dispose()
        os.environ.update(
            _environment(options, url.render_as_string(hide_password=False), Path(folder))
        )
        if options.demo:
            demo.main([])
        _greet(options)
        with _worker():
            _serve(options)
    return 0


@contextmanager
def _worker() -> Iterator[None]:
    """The other process of the service, which carries events to the database."""
    process = subprocess.Popen([sys.executable, "-m", "analytics.worker"])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analytics.dev", description=__doc__)
    parser.add_argument("site", type=Path, help="the built site, such as examples/blog/_site")
    parser.add_argument("--domain", default="blog.test", help="the site's domain [%(default)s]")
    parser.add_argument("--demo", action="store_true", help="with a made-up year, for all to see")
    parser.add_argument(
        "--count-from",
        choices=["script", "log"],
        default="script",
        help="what tells of page views [%(default)s]",
    )
    parser.add_argument("--port", type=int, default=8000, help="where to listen [%(default)s]")
    return parser


def _environment(options: argparse.Namespace, database_url: str, folder: Path) -> dict[str, str]:
    """The service's settings; the reloader hands them on to the process that it starts."""
    origins = [f"http://{_HOST}:{options.port}", f"http://localhost:{options.port}"]
    sites = (options.domain, "localhost", _HOST)
    settings = {
        "allowed_origins": origins,
        "public": options.demo,
        "server_senders": True,
        "count_from": options.count_from,
    }
    spool = folder / "spool"
    spool.mkdir()
    return {
        f"{PREFIX}DATABASE_URL": database_url,
        f"{PREFIX}SITES": json.dumps(dict.fromkeys(sites, settings)),
        f"{PREFIX}SPOOL": str(spool),
        f"{PREFIX}SOCKET": str(folder / "webapp.sock"),
        f"{PREFIX}VISITORS": str(folder / "keys"),
        # There is no HTTPS here, without which a browser would refuse the cookie.
        f"{PREFIX}INSECURE_COOKIES": "1",
    }


def _greet(options: argparse.Namespace) -> None:
    address = f"http://{_HOST}:{options.port}"
    print(
        f"""
The site, with its analytics behind it:  {address}/
The dashboard:                           {address}/stats/{options.domain}
Send an event by hand, as if from 8.8.8.8:

  curl {address}/api/event -H 'Origin: {address}' -H 'X-Real-IP: 8.8.8.8' \\
    -d '{{"name": "pageview", "url": "{address}/hello", "domain": "{options.domain}"}}'

See what has been counted, or make a link that signs you in (in another terminal):

  export ANALYTICS_SITES='{os.environ[f"{PREFIX}SITES"]}'
  export ANALYTICS_SPOOL={os.environ[f"{PREFIX}SPOOL"]}
  export ANALYTICS_DATABASE_URL='{os.environ[f"{PREFIX}DATABASE_URL"]}'
  {sys.executable} -m flask --app analytics stats
  {sys.executable} -m flask --app analytics dashboard-link --base {address}

Ctrl-C ends all of it.
""",
        flush=True,
    )


def _serve(options: argparse.Namespace) -> None:
    service = create_app()
    # The reloader watches the code only.
    service.jinja_env.auto_reload = True
    app = site.in_front_of(service, options.site.resolve())
    if options.count_from == "log":
        settings = service.extensions["settings"]
        app = access_log.telling(app, settings.log_socket)
        if is_running_from_reloader():
            _listen(service, settings)
    run_simple(_HOST, options.port, app, use_reloader=True, threaded=True)


def _listen(service: Flask, settings: Settings) -> None:
    """Take what the site's server tells, as gunicorn's worker does in production."""
    settings.log_socket.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(settings.log_socket))
    Receiver(settings, service.extensions["intake"], listener).start()


if __name__ == "__main__":
    sys.exit(main())
