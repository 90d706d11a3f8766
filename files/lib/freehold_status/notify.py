"""Tells whoever listens at notify_url."""

import http.client
import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from freehold_host.rows import harmless
from freehold_host.trouble import Trouble
from freehold_status.config import Config

_SECONDS = 20
# Slack takes 40,000 characters, Discord 2,000, ntfy 4,096 bytes.
_LONGEST = 1500
# Whoever put it into what went wrong: who is at which machine, and addresses. No unit of systemd's.
_PERSON = re.compile(r"(?!\S+@\S*\.service\b)\S+@\S+")
_ADDRESS = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3}|(?=:*[0-9A-Fa-f])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,}"
)


@dataclass(frozen=True)
class Message:
    """What is told of which site; `state` is "ok", "warning" or "error"."""

    domain: str
    state: str
    text: str


def without_addresses(text: str) -> str:
    return _ADDRESS.sub("…", text)


def impersonal(text: str) -> str:
    """The text without addresses, of people or of machines."""
    return without_addresses(_PERSON.sub("…", text))


def _webhook(address: str, told: Message) -> urllib.request.Request:
    text = f"{told.domain}: {told.text}"
    # Slack and Mattermost show `text`, Discord shows `content`.
    content = {"domain": told.domain, "state": told.state, "text": text, "content": text}
    return _request(address, json.dumps(content), {"Content-Type": "application/json"})


def _ntfy(address: str, told: Message) -> urllib.request.Request:
    # https://docs.ntfy.sh/publish/
    tag, priority = {
        "ok": ("white_check_mark", "default"),
        "warning": ("warning", "default"),
        "error": ("rotating_light", "high"),
    }[told.state]
    headers = {"Title": told.domain, "Tags": tag, "Priority": priority}
    return _request(address, told.text, headers)


def _healthchecks(address: str, told: Message) -> urllib.request.Request:
    # https://healthchecks.io/docs/signaling_failures/
    end = "" if told.state == "ok" else "/fail"
    return _request(f"{address.rstrip('/')}{end}", told.text, {})


KINDS: dict[str, Callable[[str, Message], urllib.request.Request]] = {
    "webhook": _webhook,
    "ntfy": _ntfy,
    "healthchecks": _healthchecks,
}


def _request(address: str, body: str, headers: dict[str, str]) -> urllib.request.Request:
    return urllib.request.Request(  # noqa: S310 - the settings' check lets in http and https
        address, body.encode(), {"User-Agent": "freehold", **headers}
    )


def post(config: Config, told: Message) -> None:
    """Trouble when nobody takes it."""
    short = Message(told.domain, told.state, told.text[:_LONGEST])
    request = KINDS[config.notify_kind](config.notify_url, short)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 - the same
            pass
    except (OSError, ValueError, http.client.HTTPException) as error:
        # Not the address: it may be a secret.
        why = harmless(str(error))
        raise Trouble(f"It was not reached ({why}), and is tried again.") from None
