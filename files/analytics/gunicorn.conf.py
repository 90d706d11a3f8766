"""gunicorn, fit for one small machine behind nginx. https://docs.gunicorn.org/en/stable/settings.html"""

import gc
import os
import socket
import sys
from pathlib import Path
from typing import Any

from analytics import doorway
from analytics.config import Settings
from analytics.environment import ConfigError
from analytics.logs.receiver import Receiver
from analytics.seeing import dashboard
from analytics.taking import intake


def _bound(path: Path, kind: socket.SocketKind) -> socket.socket:
    """A unix socket of mode 0770, in the group that its setgid folder gives it: nginx's.

    gunicorn would change the group to the process's own, which shuts nginx out.
    https://github.com/benoitc/gunicorn/blob/master/gunicorn/sock.py
    """
    if path.is_socket():
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, kind)
    before = os.umask(0o007)
    try:
        listener.bind(str(path))
    except OSError as error:
        sys.exit(f"analytics: ANALYTICS_SOCKET: can't listen on {path} ({error.strerror}).")
    finally:
        os.umask(before)
    return listener


def _listen(path: Path) -> int:
    listener = _bound(path, socket.SOCK_STREAM)
    listener.listen(2048)
    return listener.detach()


try:
    _settings = Settings.from_environment(os.environ)
except ConfigError as error:
    # Here rather than in a worker, which would add a traceback and be started again.
    sys.exit(f"analytics: {error.message}")

bind = f"fd://{_listen(doorway.own(_settings.socket))}"

# What nginx tells of requests for pages. The master has it too, so that nothing that comes while a
# worker that died is replaced is lost.
_log_socket = (
    _bound(doorway.own(_settings.log_socket), socket.SOCK_DGRAM)
    if any(site.count_from == "log" for site in _settings.sites)
    else None
)

# One process, because each takes about 80 MB and 136 MB is the container's limit; threads, because
# a request only waits for the disk, and those that wait together share one sync. The more they
# are, the more events a second; the pool of the database has fewer connections than that.
worker_class = "gthread"
workers = 1
threads = 16
# The master imports the application once and forks: a worker that died is back at once, and most
# of its memory is shared. No connection crosses the fork, as the pool opens the first when asked.
preload_app = True

# A request takes at most three seconds, even without a database, and a filtered page of the
# dashboard eight: all of them end before Docker's ten seconds are over.
graceful_timeout = 9
timeout = 30

# As much as nginx takes, or nearly: filters are part of an address. gunicorn knows no more.
limit_request_line = 8190

# The root file system is read-only, so the heartbeat is in memory and there is no control socket.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a file without a name, made by mkstemp
control_socket_disable = True

# Visitors' addresses never come to rest: no access log.
accesslog = None
errorlog = "-"

# The one header that is believed is X-Real-IP, by the application. gunicorn trusts any peer on a
# unix socket, and would let these rewrite the path and the scheme.
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}


def when_ready(server: Any) -> None:  # noqa: ANN401 - gunicorn has no types
    """Before the fork: nobody must wait for tables and templates, and the memory is shared.

    It stays shared where nothing writes into it, as the collector would in marking what it finds.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    intake.warm_up()
    dashboard.warm_up(server.app.wsgi())
    gc.collect()
    gc.freeze()
    # Only now: who is not ready takes no traffic from anybody.
    if doorway.adopt(_settings.socket) and _log_socket:
        doorway.link(_settings.log_socket)


def post_worker_init(worker: Any) -> None:  # noqa: ANN401 - gunicorn has no types
    """After the fork, which no thread survives."""
    if _log_socket:
        receiver = Receiver(_settings, worker.wsgi.extensions["intake"], _log_socket)
        worker.wsgi.extensions["receiver"] = receiver
        receiver.start()


def worker_exit(_server: object, worker: Any) -> None:  # noqa: ANN401 - gunicorn has no types
    """What was counted as dropped, and is still in memory, is spooled."""
    if worker.wsgi:
        if receiver := worker.wsgi.extensions.get("receiver"):
            receiver.stop()
        worker.wsgi.extensions["intake"].close()
