"""Whether an authority that looks up the names would find this server.

It is found out before anything is asked of it: a failed order counts against its limits.
"""

import http.client
import secrets
import time

from freehold_certificate.config import Config
from freehold_host.trouble import Trouble

_PORT = 80
_SECONDS = 10.0
# An nginx process that ends after a reload cuts off whoever has connected and not asked yet.
_ATTEMPTS = 3
_PAUSE = 1.0
_PATH = ".well-known/acme-challenge"
_SILENT = "where nothing answers on port 80"
# Not every provider or router leads a machine back to its own public address.
_UNSEEN = (
    " If it is only the server that can't see itself by that address, order without looking: "
    "make ssh, and there: freehold-certificate issue --now --unchecked"
)


def _fault(name: str, address: str, path: str, text: str) -> str:
    """Why this address does not do; nothing when it does."""
    for attempt in range(_ATTEMPTS):
        try:
            answer = _ask(name, address, path)
        except ConnectionResetError as error:
            why = error.strerror or type(error).__name__
            time.sleep(_PAUSE if attempt + 1 < _ATTEMPTS else 0)
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            break
        else:
            return "" if answer == text else f"{name} leads to {address}, which is not this server."
    return f"{name} leads to {address}, {_SILENT} ({why})."


def _ask(name: str, address: str, path: str) -> str:
    connection = http.client.HTTPConnection(address, _PORT, timeout=_SECONDS)
    try:
        connection.request("GET", f"/{path}", headers={"Host": name})
        return connection.getresponse().read(200).decode("ascii", "replace")
    finally:
        connection.close()


def faults(config: Config) -> list[str]:
    """What is wrong with the names' DNS records, a sentence each."""
    # Here, for dnspython is only there in the mode acme, and most commands do without it.
    from freehold_certificate.resolver import resolve

    folder = config.webroot / _PATH
    folder.mkdir(parents=True, exist_ok=True)
    for one in (folder, folder.parent):
        one.chmod(0o755)
    text = secrets.token_hex(16)
    probe = folder / f"freehold-{secrets.token_hex(8)}"
    probe.write_text(text)
    probe.chmod(0o644)
    found: list[str] = []
    try:
        for name in config.names:
            addresses = resolve(name, config.root)
            if not addresses:
                found.append(f"{name} has no A or AAAA record.")
            path = f"{_PATH}/{probe.name}"
            found += [why for one in addresses if (why := _fault(name, one, path, text))]
    finally:
        probe.unlink(missing_ok=True)
    return found


def check(config: Config) -> None:
    """Raise Trouble that names every record that is missing or wrong."""
    found = faults(config)
    if found:
        raise Trouble(
            " ".join(found) + " Nothing was asked of the authority. Correct the DNS records, or "
            "the names (`domain`, `aliases`); then: make deploy"
            + (_UNSEEN if any(_SILENT in one for one in found) else "")
        )
