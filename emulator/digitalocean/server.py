"""`python -m emulator api`: the API on a port of 127.0.0.1, until it is ended.

The first line on its standard output is its address. What it keeps is in its folder, `.emulator/
cloud` unless `--folder` says another: `state.json` (the account), `tokens.json` (one token that
may do everything, one that only reads; write others in: a list of scopes each), `droplets/` (their
machines) and, while it answers, `api.json` (its address, its process, the port of its DNS). With
`--paper` droplets are states and addresses only: nothing boots, and there is no ACME server.

Its end leaves the droplets running, as a broken API would; `api-down` ends all.
"""

import argparse
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from emulator.authority import Authority
from emulator.current import place
from emulator.digitalocean import cloud as defaults
from emulator.digitalocean import limits
from emulator.digitalocean.app import create_app
from emulator.digitalocean.behind import running
from emulator.digitalocean.booted import ports_on
from emulator.digitalocean.cloud import Cloud
from emulator.digitalocean.machines import Paper
from emulator.digitalocean.names import serve_names
from emulator.digitalocean.own import ACCOUNT
from emulator.digitalocean.virtual import Virtual, prepare
from emulator.errors import EmulatorError
from emulator.ports import Ports, any_free, is_free
from emulator.progress import say

HOST = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be said on the command line."""
    parser.add_argument("--folder", type=Path, default=place() / ACCOUNT)
    parser.add_argument("--paper", action="store_true", help="boot nothing")
    parser.add_argument("--port", type=int, default=0, help="0: that of the last time, or any")
    parser.add_argument("--action-seconds", type=float, default=defaults.ACTION_SECONDS)
    parser.add_argument("--droplet-limit", type=int, default=defaults.DROPLETS)
    parser.add_argument("--reserved-ip-limit", type=int, default=defaults.RESERVED_IPS)
    parser.add_argument("--email", default=defaults.EMAIL, help="the account's")
    parser.add_argument("--requests-a-minute", type=int, default=limits.A_MINUTE)
    parser.add_argument("--requests-an-hour", type=int, default=limits.AN_HOUR)


@dataclass(frozen=True)
class _Listening:
    """The ports of this program and of its authority: kept, for droplets know the last two."""

    api: int
    dns: int
    acme: int
    acme_dns: int


def _choose(file: Path, wished: int) -> _Listening:
    kept = json.loads(file.read_text()) if file.exists() else {}
    if wished and not is_free(wished):
        raise EmulatorError(f"Port {wished} of {HOST} is taken. Say another, or --port 0.")
    ports = {
        name: port if (port := kept.get(name)) and is_free(port) else any_free()
        for name in ("api", "dns", "acme", "acme_dns")
    }
    chosen = _Listening(**ports | ({"api": wished} if wished else {}))
    file.write_text(json.dumps(asdict(chosen)) + "\n")
    return chosen


class _Quiet(WSGIRequestHandler):
    """HTTP/1.1 as the real API speaks it. No log of each request: the side door has one."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def _account(options: argparse.Namespace, folder: Path, ports: _Listening) -> Cloud:
    return Cloud(
        folder=folder,
        machines=Paper() if options.paper else Virtual(folder, ports.acme, ports.dns),
        action_seconds=options.action_seconds,
        droplet_limit=options.droplet_limit,
        reserved_ip_limit=options.reserved_ip_limit,
        email=options.email,
        limits=limits.Limits(options.requests_an_hour, options.requests_a_minute),
    )


def _authority(account: Cloud, ports: _Listening) -> Authority:
    """Looks at each name where the account's own records lead, at the port of a droplet there."""
    theirs = ports_on(account.addresses.nobodys(), ports.acme, ports.acme_dns)
    return Authority(account.folder, theirs, names_elsewhere=True)


def _until_ended(server: BaseWSGIServer) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    try:
        server.serve_forever()
    finally:
        server.server_close()


def serve(options: argparse.Namespace) -> None:
    """Answer until a signal ends it."""
    if not options.paper:
        prepare()
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    other = running(folder)
    if other:
        raise EmulatorError(f"It runs already, at {other.address}. To end it: api-down")
    # Left behind by one that was killed.
    Authority(folder, Ports(0, 0, 0)).end()
    ports = _choose(folder / "ports.json", options.port)
    account = _account(options, folder, ports)
    serve_names(account, ports.dns)
    # Nothing on this machine leads to a droplet's IPv6 address, which pebble would try first and
    # alone; Let's Encrypt comes by IPv4 when IPv6 leads nowhere.
    serve_names(account, ports.acme_dns, hidden=["AAAA"])
    server = make_server(
        HOST, ports.api, create_app(account), threaded=True, request_handler=_Quiet
    )
    authority = _authority(account, ports)
    address, described = f"http://{HOST}:{ports.api}", folder / "api.json"
    try:
        if isinstance(account.machines, Virtual):
            authority.up()
            account.machines.resume(account.state)
        described.write_text(
            json.dumps({"address": address, "pid": os.getpid(), "dns": ports.dns}) + "\n"
        )
        print(address, flush=True)
        say(f"The emulated Digital Ocean answers at {address}, to the tokens in {folder}.")
        _until_ended(server)
    finally:
        described.unlink(missing_ok=True)
        authority.end()
