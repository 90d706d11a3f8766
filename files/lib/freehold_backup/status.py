"""How the backups are, in words, by what the last runs have left behind. It asks nobody."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from freehold_backup.config import Config
from freehold_host import memory
from freehold_host.rows import Row

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# From when on it is a warning, and from when on an error.
# Of a backup: after the hours until the next one.
_BACKUP = 2 * _HOUR, 23 * _HOUR
_SPOOL = 20 * _MINUTE, 2 * _HOUR
_PROOF = 2 * _DAY, 7 * _DAY
_CHECK = 10 * _DAY, 30 * _DAY


def digest(config: Config) -> str:
    """Which key it is."""
    return hashlib.sha256(config.key.read_bytes()).hexdigest()[:16]


def key_is_safe(config: Config) -> bool:
    """Whether the owner has said that there is a copy of it elsewhere."""
    known = memory.load(config.state, "key").get("digest")
    return config.key.exists() and known == digest(config)


def rows(config: Config, now: datetime) -> list[Row]:
    """All that there is to say."""
    if not config.repository:
        text = "Nothing is backed up: if the disk dies, the counts are gone."
        advice = "make deploy, after a backup_repository is named in group_data/droplets.py"
        nowhere = Row("backups", "warning", text, advice)
        return [row for row in (nowhere, _replaced(config), _interrupted(config)) if row]
    if held := _held(config, now):
        return [row for row in (held, _interrupted(config)) if row]
    tried = memory.load(config.state, "tried")
    found = [
        _backup(config, tried.get("backup", {}), now),
        _spool(config, tried.get("spool", {}), now),
        _proof(config, now),
        _check(config, now),
        _reached(config, tried),
        _key(config),
        _replaced(config),
        _interrupted(config),
    ]
    return [row for row in found if row]


def _since(at: float, now: datetime) -> timedelta:
    return now - datetime.fromtimestamp(at, UTC)


def _ago(age: timedelta) -> str:
    for unit, length in (("days", _DAY), ("hours", _HOUR)):
        if age >= 2 * length:
            return f"{age / length:.0f} {unit} ago"
    return f"{max(0, age / _MINUTE):.0f} minutes ago"


def _state(age: timedelta, limits: tuple[timedelta, timedelta]) -> str:
    return "ok" if age < limits[0] else "warning" if age < limits[1] else "error"


def _why(tried: dict[str, Any]) -> str:
    return f" The last try failed: {tried['fault']}" if tried.get("fault") else ""


def _held(config: Config, now: datetime) -> Row | None:
    """Of a host that is to take another one's place, which backs up meanwhile.

    After a day it may be that nobody goes on, and it is the live one.
    """
    try:
        age = _since(config.held.stat().st_mtime, now)
    except FileNotFoundError:
        return None
    text = "It backs up nothing before it is the live one."
    state = "ok" if age < _DAY else "error"
    return Row("backup", state, text, "" if state == "ok" else "make rebuild")


def _backup(config: Config, tried: dict[str, Any], now: datetime) -> Row:
    last = memory.load(config.state, "backup")
    if not last:
        return Row("backup", "error", f"There is none yet.{_why(tried)}", "make backup")
    age = _since(last["at"], now)
    text = f"{_ago(age)}, {last['events']} events."
    state = _state(age - config.every * _HOUR, _BACKUP)
    return Row("backup", state, text + _why(tried), "" if state == "ok" else "make backup")


def _spool(config: Config, tried: dict[str, Any], now: datetime) -> Row | None:
    last = memory.load(config.state, "spool")
    if not last:
        return None
    age = _since(last["at"], now)
    state = _state(age, _SPOOL)
    if state == "ok" and (left_out := last.get("left_out")):
        text = f"{left_out} files there are none of the service's and were left out: who made them?"
        return Row("events since", "warning", text, f"make ssh, and there: ls -l {config.spool}")
    advice = "" if state == "ok" else "make backup"
    return Row("events since", state, f"copied {_ago(age)}.{_why(tried)}", advice)


def _proof(config: Config, now: datetime) -> Row:
    last = memory.load(config.state, "proof")
    if not last:
        return Row("restore", "warning", "No backup was restored for a trial yet.", "make prove")
    age = _since(last["at"], now)
    if last["fault"]:
        text = f"The trial {_ago(age)} failed: {last['fault']}"
        return Row("restore", "error", text, "make prove")
    state = _state(age, _PROOF)
    text = f"proven {_ago(age)}: {last['events']} events of {last['stamp']} in {last['seconds']} s."
    return Row("restore", state, text, "" if state == "ok" else "make prove")


def _check(config: Config, now: datetime) -> Row | None:
    last = memory.load(config.state, "check")
    if not last:
        return None
    if last["fault"]:
        advice = "make ssh, and there: freehold-backup check"
        return Row("repository", "error", last["fault"], advice)
    age = _since(last["at"], now)
    state = _state(age, _CHECK)
    advice = "" if state == "ok" else "make ssh, and there: freehold-backup check"
    return Row("repository", state, f"read and whole {_ago(age)}.", advice)


def _reached(config: Config, tried: dict[str, Any]) -> Row | None:
    """What the last run that went there found."""
    last = max(tried.values(), key=lambda one: float(one["at"]), default=None)
    if last is None or (last["fault"] and not last.get("repository")):
        return None
    if last["fault"]:
        return Row("reached", "warning", str(last["fault"]), "make backup")
    return Row("reached", "ok", config.repository)


def _key(config: Config) -> Row | None:
    if not config.key.exists():
        return Row("key", "error", "There is no key to encrypt with.", "make deploy")
    if key_is_safe(config):
        return None
    text = "Without its key no backup can be read. Copy it to a safe place."
    return Row("key", "warning", text, "make backup-key-is-safe")


def _replaced(config: Config) -> Row | None:
    """What takes room, and what no number of days reaches."""
    known = memory.load(config.state, "replaced")
    if not known:
        return None
    text = f"{known['database']} is kept (make ssh, and there: freehold-backup drop-replaced)"
    return Row("replaced", "ok", text)


def _interrupted(config: Config) -> Row | None:
    if not memory.load(config.state, "restoring"):
        return None
    advice = "make restore" if config.repository else "make ssh, and there: freehold-backup abandon"
    return Row("restoring", "error", "A restore was cut off: nothing is counted.", advice)
