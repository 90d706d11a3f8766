"""Tells the owner's webhook when the certificate gets out of order, and when it is mended."""

import json
import urllib.request
from collections.abc import Sequence

from freehold_certificate import memory
from freehold_certificate.config import Config, Trouble
from freehold_certificate.status import Row

_SECONDS = 20


def message(domain: str, before: Sequence[str], rows: Sequence[Row]) -> dict[str, str] | None:
    """What is to be told, if anything is; `before` is what was told to be out of order."""
    wrong = [row for row in rows if row.state != "ok"]
    if [f"{row.what} {row.state}" for row in wrong] == list(before):
        return None
    if not wrong:
        text = f"{domain}: the certificate is in order again."
    else:
        advice = " Type: " + wrong[0].type if wrong[0].type else ""
        text = f"{domain}: {' '.join(row.text for row in wrong)}{advice}"
    state = "error" if any(row.state == "error" for row in wrong) else "warning" if wrong else "ok"
    # Slack and Mattermost show `text`, Discord shows `content`.
    return {"domain": domain, "state": state, "text": text, "content": text}


def tell(config: Config, rows: Sequence[Row]) -> None:
    """Tell what has changed, once; Trouble when the webhook does not take it."""
    before = memory.load(config, "told").get("wrong", [])
    content = message(config.domain, before, rows)
    if not content:
        return
    if config.notify_url:
        _post(config.notify_url, content)
    wrong = [f"{row.what} {row.state}" for row in rows if row.state != "ok"]
    memory.store(config, {"wrong": wrong}, "told")


def _post(address: str, content: dict[str, str]) -> None:
    request = urllib.request.Request(  # noqa: S310 - the settings' check lets in http and https
        address,
        json.dumps(content).encode(),
        {"Content-Type": "application/json", "User-Agent": "freehold"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 - the same
            pass
    except (OSError, ValueError) as error:
        # Not the address: it may be a secret.
        raise Trouble(f"notify_url was not reached ({error}). It is tried again.") from None
