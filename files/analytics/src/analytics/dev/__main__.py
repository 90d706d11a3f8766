"""`python -m analytics.dev`: the service and a built site on this machine, without Docker.

The code is reloaded when it changes. The database is a real PostgreSQL that starts empty and ends
with this program.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from werkzeug.serving import is_running_from_reloader, run_simple

from analytics.app import create_app
from analytics.config import PREFIX
from analytics.database import make_engine
from analytics.dev import postgres, site
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
    with postgres.running() as database:
        database.execute("CREATE DATABASE analytics")
        url = database.url("analytics")
        engine = make_engine(url)
        migrate(engine, wait_seconds=30)
        engine.dispose()
        os.environ.update(_environment(options, url.render_as_string(hide_password=False)))
        _greet(options)
        _serve(options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analytics.dev", description=__doc__)
    parser.add_argument("site", type=Path, help="the built site, such as examples/blog/_site")
    parser.add_argument("--domain", default="blog.test", help="the site's domain [%(default)s]")
    parser.add_argument("--port", type=int, default=8000, help="where to listen [%(default)s]")
    return parser


def _environment(options: argparse.Namespace, database_url: str) -> dict[str, str]:
    """The service's settings; the reloader hands them on to the process that it starts."""
    return {
        f"{PREFIX}DATABASE_URL": database_url,
        f"{PREFIX}SITES": f"{options.domain},localhost,{_HOST}",
        f"{PREFIX}ALLOWED_ORIGINS": (
            f"http://{_HOST}:{options.port},http://localhost:{options.port}"
        ),
    }


def _greet(options: argparse.Namespace) -> None:
    address = f"http://{_HOST}:{options.port}"
    print(
        f"""
The site, with its analytics behind it:  {address}/
Send an event by hand, as if from 8.8.8.8:

  curl {address}/api/event -H 'Origin: {address}' -H 'X-Real-IP: 8.8.8.8' \\
    -d '{{"name": "pageview", "url": "{address}/hello", "domain": "{options.domain}"}}'

See what has been counted (in another terminal):

  ANALYTICS_SITES={os.environ[f"{PREFIX}SITES"]} \\
  ANALYTICS_DATABASE_URL='{os.environ[f"{PREFIX}DATABASE_URL"]}' \\
    {sys.executable} -m flask --app analytics stats

Ctrl-C ends all of it.
""",
        flush=True,
    )


def _serve(options: argparse.Namespace) -> None:
    app = site.in_front_of(create_app(), options.site.resolve())
    run_simple(_HOST, options.port, app, use_reloader=True, threaded=True)


if __name__ == "__main__":
    sys.exit(main())
