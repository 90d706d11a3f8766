"""From what there is to a trusted certificate in force."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from freehold_certificate import certbot, certificates, force, lineage, memory, reach
from freehold_certificate.certificates import Certificate
from freehold_certificate.config import Config
from freehold_certificate.lock import alone
from freehold_host.trouble import Trouble

Say = Callable[[str], None]
# The authority may refuse a nonce several times in a row; nothing is counted for it.
_UNLUCKY = 5


def trusted(config: Config, now: datetime) -> Certificate | None:
    """Certbot's certificate and key when alive, of the right authority, and for all names."""
    found = certificates.read(config.lineage)
    if not found or not found.lives(now) or not certbot.is_of(config):
        return None
    if not certificates.has_key(config.lineage, found):
        return None
    return None if found.missing(config.names) else found


def _fits(config: Config, now: datetime) -> Certificate | None:
    """The trusted one when it is exactly as the settings say, and certbot can go on from it."""
    found = trusted(config, now)
    if not found or set(found.names) != set(config.names) or not found.has_key_of(config.key_type):
        return None
    return None if lineage.is_damaged(config) else found


def is_right(config: Config, now: datetime) -> bool:
    """Whether nothing is to be asked: it fits, and is far from its end."""
    found = _fits(config, now)
    return bool(found and found.left(now) > found.due)


def is_wanting(config: Config, now: datetime) -> bool:
    """Whether a deploy is to ask: certbot's timer has had its chance to renew what fits."""
    found = _fits(config, now)
    return not found or found.left(now) < found.late


def waits_for_nginx(config: Config) -> bool:
    """Whether what certbot has got is not what is served."""
    found = certificates.read(config.lineage)
    if not found or not certificates.same(config.lineage, config.tls / "live"):
        return True
    return not force.serves(config, found.serial)


def servable(config: Config, now: datetime) -> bool:
    """Whether nginx can start on what this mode's folder holds."""
    return _serves(config, config.acme, now)


def _serves(config: Config, folder: Path, now: datetime) -> bool:
    found = certificates.read(folder)
    if not found or not found.lives(now) or not certificates.has_key(folder, found):
        return False
    # What visitors trust for the site's name is better than what they trust for none.
    names = config.names if found.selfsigned else [config.domain]
    return not found.missing(names)


def prepare(config: Config, now: datetime) -> None:
    """Have something to serve until the authority has answered.

    A trusted one that lies there (of an earlier time, or brought back by a backup), else what is
    served now, else the host's own.
    """
    for folder in (config.lineage, config.tls / "live", config.tls / "selfsigned"):
        if _serves(config, folder, now):
            with alone(config, force.LOCK):
                force.copy(folder, config.acme)
            return
    raise Trouble(f"There is nothing to serve in {config.tls}. Type: make deploy")


def issue(config: Config, say: Say, *, now_wanted: bool = False, check: bool = True) -> None:
    """Get and put in force what is missing; Trouble when there is no trusted certificate then."""
    now = datetime.now(UTC)
    if is_right(config, now):
        # Also of an order that has failed since, for a name that is no longer wanted.
        memory.forget(config)
        _put_in_force(config, say)
        return
    try:
        _wait(config, now, now_wanted=now_wanted)
        if check:
            reach.check(config)
        _order(config, say)
    except Trouble as trouble:
        # There is time: the deploy goes on, and whoever asks for the status is told.
        if not trusted(config, now):
            raise
        say(f"The certificate was not renewed: {trouble}")
    _put_in_force(config, say)


def _put_in_force(config: Config, say: Say) -> None:
    if force.deployed(config):
        say("The new certificate is in force: its serial is what visitors are shown.")


def _wait(config: Config, now: datetime, *, now_wanted: bool) -> None:
    known = memory.recall(config)
    until = None if now_wanted else known.waits(memory.key(config), now)
    if until:
        raise Trouble(
            f"The last order failed, and the authority is asked again after "
            f"{until:%Y-%m-%d %H:%M} UTC, so that its limits are kept: {known.why} "
            "When the reason is mended, ask at once: make certificate"
        )


def _order(config: Config, say: Say) -> None:
    if lineage.is_damaged(config):
        aside = lineage.put_aside(config)
        say(f"What certbot kept of the certificate was damaged, and is put aside, into {aside}.")
    before = certificates.read(config.lineage)
    is_new = not before or before.missing(config.names)
    if is_new and config.server == certbot.LETSENCRYPT:
        say("Trying the order at the staging server first, whose limits are wide.")
        _ask(config, certbot.command(config, rehearsal=True), certbot.STAGING)
    say(f"Ordering a certificate for {', '.join(config.names)}.")
    # Certbot itself would keep one of another server, profile or curve.
    other = before and not (certbot.is_of(config) and before.has_key_of(config.key_type))
    command = certbot.command(config, force=bool(other))
    _ask(config, command, config.server)
    memory.forget(config)


def _ask(config: Config, command: list[str], server: str) -> None:
    for _ in range(_UNLUCKY):
        done, said = certbot.run(config, command)
        if done:
            return
        if certbot.account_is_lost(said):
            certbot.forget_account(config, server)
        elif certbot.is_busy(said):
            raise Trouble(
                "Another certbot is at work on this host. When it has ended: make certificate"
            )
        elif not certbot.is_unlucky(said):
            break
    fail(config, said)


def fail(config: Config, said: str, *seen: str) -> None:
    """Remember a failed order, with what was seen from here, and raise Trouble about it."""
    why, now = " ".join([certbot.reason(said), *seen]), datetime.now(UTC)
    again = certbot.again_at(said, now)
    memory.remember(config, lambda known: known.failed(why, memory.key(config), now, again))
    raise Trouble(f"The authority gave no certificate: {why}")


def _is_due(config: Config, now: datetime) -> bool:
    """Whether certbot's timer has tried to renew it, if nothing else has hindered it."""
    found = certificates.read(config.lineage)
    return bool(found and found.left(now) <= found.due)


def _records(config: Config) -> list[str]:
    """What is wrong with the DNS records, which certbot's timer has not looked at before."""
    try:
        return reach.faults(config)
    except Trouble as trouble:
        return [str(trouble)]


def renewed(config: Config, say: Say, *, succeeded: bool) -> None:
    """After certbot's own timer: remember a failure, and finish what was cut off or never got."""
    now = datetime.now(UTC)
    said = "" if succeeded else certbot.said_by_timer(config)
    if certbot.account_is_lost(said):
        # Renewed is at whom it was got, also when the settings name another by now.
        certbot.forget_account(config, certbot.renewal(config).get("server", config.server))
        issue(config, say, now_wanted=True)
        return
    if lineage.is_damaged(config):
        issue(config, say)
        return
    if is_right(config, now):
        # Whatever certbot could not renew, it was not ours.
        memory.forget(config)
    elif not succeeded and _is_due(config, now) and not certbot.is_busy(said):
        fail(config, said, *_records(config))
    if trusted(config, now):
        _put_in_force(config, say)
    else:
        # Certbot renews what it has once got. A first order that failed is made again here, also
        # that of a name which was added.
        issue(config, say)
