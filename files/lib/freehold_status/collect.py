"""All rows, of every concern, by those who know it; what is out of order first."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from freehold_backup import config as backup_config
from freehold_backup import status as backup
from freehold_certificate import config as certificate_config
from freehold_certificate import status as certificate
from freehold_host.rows import STATES, Row
from freehold_host.trouble import Trouble
from freehold_rollout.config import Places
from freehold_status import events, looks, machine, services, site, updates
from freehold_status.config import Config

Ask = Callable[[], Iterable[Row]]


def rows(config: Config) -> list[Row]:
    """How everything is."""
    now = datetime.now(UTC)
    places = Places(config.root / "opt/freehold", site=config.root / "srv/www")
    asked: dict[str, Ask] = {
        "services": lambda: services.rows(places, config.root),
        "site": lambda: [site.row(config.domain, site.HTTPS)],
        "events": lambda: events.rows(config),
        "certificate": lambda: _of_certificate(config, now),
        "backup": lambda: _of_backup(config, now),
        "machine": lambda: machine.rows(config),
        "updates": lambda: [updates.row(config)],
        "notify_url": lambda: looks.rows(config),
    }
    return in_order(row for what, ask in asked.items() for row in _told(what, ask))


def in_order(found: Iterable[Row]) -> list[Row]:
    """What is wrong comes first; else as they were asked."""
    return sorted(found, key=lambda row: -STATES.index(row.state))


def _told(what: str, ask: Ask) -> list[Row]:
    """One who does not know is a row too, and hides nobody else."""
    try:
        return list(ask())
    except (Trouble, OSError, ValueError, KeyError) as error:
        text, _, advice = str(error).partition(" Type: ")
        return [Row(what, "error", text or type(error).__name__, advice or "make deploy")]


def _of_certificate(config: Config, now: datetime) -> Iterable[Row]:
    found = certificate.rows(certificate_config.read(config.root), now)
    return _named("certificate", found)


def _of_backup(config: Config, now: datetime) -> Iterable[Row]:
    return _named("backup", backup.rows(backup_config.read(config.root), now))


def _named(concern: str, found: Iterable[Row]) -> Iterable[Row]:
    """What is clear in its own program's list is not among all others."""
    for row in found:
        clear = row.what.startswith(concern)
        yield row if clear else replace(row, what=f"{concern} {row.what}")
