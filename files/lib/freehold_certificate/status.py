"""How the certificate is, in words."""

from datetime import UTC, datetime, timedelta

from freehold_certificate import certificates, force, memory, order
from freehold_certificate.certificates import Certificate
from freehold_certificate.config import Config
from freehold_certificate.memory import Memory
from freehold_host.rows import Row
from freehold_host.trouble import Trouble


def age(config: Config, found: Certificate, now: datetime) -> Row:
    """How much of its life is left."""
    left, share = found.end - now, found.left(now)
    days = left / timedelta(days=1)
    text = f"{', '.join(found.names)}: {days:.1f} days left ({share:.0%} of its life)"
    renewing = "make certificate" if config.mode == "acme" else "make deploy"
    if share <= 0:
        return Row("certificate", "error", f"{text}: it has ended, and browsers warn.", renewing)
    # Where no timer renews it, none is waited for.
    if share < (found.late if config.mode == "acme" else 1 / 3):
        late = {
            "acme": "it should have been renewed.",
            "provided": "bring a new one (certificate_bundle).",
        }.get(config.mode, "it should have been made again.")
        return Row("certificate", "error", f"{text}: {late}", renewing)
    return Row("certificate", "ok", text)


def failure(known: Memory, share: float) -> Row | None:
    """The last order that failed, while no other has succeeded."""
    if not known.why:
        return None
    at = datetime.fromtimestamp(known.at, UTC)
    state = "error" if share < 1 / 3 else "warning"
    text = f"The last order failed ({at:%Y-%m-%d %H:%M} UTC): {known.why}"
    return Row("renewal", state, text, "make certificate")


def rows(config: Config, now: datetime) -> list[Row]:
    """All that there is to say."""
    live = certificates.read(config.tls / "live")
    if not live:
        return [Row("certificate", "error", "There is none.", "make deploy")]
    found = [_trust(config, live), age(config, live, now), _served(config, live)]
    if config.mode == "acme":
        known = memory.recall(config)
        # One for other names or of another authority failed of what is no longer asked for.
        if known.order == memory.key(config):
            found.append(failure(known, live.left(now)))
        if order.trusted(config, now) and not certificates.same(
            config.lineage, config.tls / "live"
        ):
            text = "A newer certificate is there, and not in force yet."
            found.append(Row("renewal", "warning", text, "make certificate"))
    return [row for row in found if row]


def _trust(config: Config, live: Certificate) -> Row:
    missing = live.missing(config.names)
    if missing:
        text = f"It does not cover {', '.join(missing)}."
        return Row("mode", "error", f"{config.mode}. {text}", "make deploy")
    if config.mode == "acme" and live.selfsigned:
        text = "acme, but the authority has given none yet: browsers warn."
        return Row("mode", "error", text, "make certificate")
    return Row("mode", "ok", config.mode)


def _served(config: Config, live: Certificate) -> Row | None:
    try:
        serial = force.served(config)
    except Trouble as trouble:
        return Row("served", "error", str(trouble), "make deploy")
    if serial == live.serial:
        return Row("served", "ok", f"serial {serial}")
    text = f"nginx shows the certificate {serial}, and {live.serial} is in force."
    return Row("served", "error", text, "make deploy")
