"""The host's certificate: what the deploy, certbot's timer and the owner ask of it.

servable, pending  exit 0 when nginx can start on what there is; when something is to be asked
prepare            have something to serve
issue [--now] [--unchecked]   get what is missing; without waiting; without looking at DNS
deployed, renewed  after certbot has got one; after certbot's timer has run
renews             exit 0 when certbot is to renew at all
status [--json]    how it is: exit 0 in order, 2 not
"""

import argparse
import os
import sys
from datetime import UTC, datetime

from freehold_certificate import force, order, status
from freehold_certificate.config import Config, read
from freehold_certificate.lock import alone
from freehold_host.rows import show
from freehold_host.trouble import Trouble

_QUESTIONS = ("servable", "pending", "renews")
# Held for a whole order, certbot's hook included, so the hook itself does not wait for it.
_ORDER = "lock"


def _answer(config: Config, question: str) -> bool:
    now = datetime.now(UTC)
    if question == "servable":
        return order.servable(config, now)
    if question == "pending":
        return order.is_wanting(config, now) or order.waits_for_nginx(config)
    return config.mode == "acme"


def _status(config: Config, *, as_json: bool) -> int:
    return show(status.rows(config, datetime.now(UTC)), as_json=as_json)


def _act(config: Config, given: argparse.Namespace) -> None:
    match given.command:
        case "prepare":
            order.prepare(config, datetime.now(UTC))
        case "deployed":
            # Certbot may still renew what is no longer served.
            if config.mode == "acme":
                force.deployed(config)
        case "renewed":
            # Also run when ExecCondition= has skipped certbot: what it kept is not what is served.
            result = os.environ.get("SERVICE_RESULT")
            if config.mode == "acme" and result != "exec-condition":
                with alone(config, _ORDER):
                    order.renewed(config, print, succeeded=result == "success")
        case "issue":
            with alone(config, _ORDER):
                order.issue(config, print, now_wanted=given.now, check=not given.unchecked)


def main() -> int:
    """Run one command; a trouble is a sentence and exit code 1."""
    parser = argparse.ArgumentParser(
        prog="freehold-certificate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    acting = ("prepare", "issue", "deployed", "renewed", "status")
    parser.add_argument("command", choices=[*_QUESTIONS, *acting])
    for flag in ("--now", "--unchecked", "--json"):
        parser.add_argument(flag, action="store_true")
    given = parser.parse_args()
    try:
        config = read()
        if given.command in _QUESTIONS:
            return 0 if _answer(config, given.command) else 1
        if given.command == "status":
            return _status(config, as_json=given.json)
        _act(config, given)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
