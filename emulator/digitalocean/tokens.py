"""Which tokens there are, and what each may do."""

import json
import secrets
from pathlib import Path

from emulator.digitalocean.errors import RefusedError
from emulator.errors import EmulatorError

# Digital Ocean's own form of a personal token, which clients and scanners know it by.
_PREFIX = "dop_v1_"
_VERBS = {"GET": "read", "HEAD": "read", "POST": "create", "PUT": "update", "PATCH": "update"}
# What stands for a part of the path in the names of scopes.
# https://docs.digitalocean.com/reference/api/scopes/
_NOUNS = {
    "droplets": "droplet",
    "firewalls": "firewall",
    "domains": "domain",
    "reserved_ips": "reserved_ip",
    "images": "image",
    "tags": "tag",
}
EVERYTHING = "*"
READ_ONLY = "read"
# What a token must have beside these: the console adds no scope without those that it requires.
_DROPLETS = {"droplet:read", "image:read", "regions:read", "sizes:read", "actions:read"}
_REQUIRED = {
    "droplet:read": _DROPLETS,
    "image:read": _DROPLETS,
    "reserved_ip:create": {*_DROPLETS, "project:read"},
    "reserved_ip:update": _DROPLETS,
    "reserved_ip:delete": _DROPLETS,
}


class Tokens:
    """`tokens.json`: scopes by token. `*` is full access and `read` all of reading."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            made = {_PREFIX + secrets.token_hex(32): [scope] for scope in (EVERYTHING, READ_ONLY)}
            file.touch(mode=0o600)
            file.write_text(json.dumps(made, indent=1) + "\n")
        self._scopes: dict[str, list[str]] = json.loads(file.read_text())
        for scopes in self._scopes.values():
            missing = {need for scope in scopes for need in _required(scope)} - {*scopes}
            if missing:
                raise EmulatorError(
                    f"{file}: a token for {', '.join(scopes)} can't be had without "
                    f"{', '.join(sorted(missing))}"
                )

    def of(self, scope: str) -> str:
        """The first token that has exactly `scope`."""
        return next(token for token, scopes in self._scopes.items() if scopes == [scope])

    def known(self, authorization: str) -> str:
        """The token of a request's header; refused when it is none of ours."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or token not in self._scopes:
            raise RefusedError(401, "Unable to authenticate you")
        return token

    def check(self, token: str, *needed: str) -> None:
        """Refuse unless `token` has each scope that is needed."""
        scopes = self._scopes[token]
        for scope in needed:
            reads = scope.endswith(":read") and READ_ONLY in scopes
            if not (EVERYTHING in scopes or reads or scope in scopes):
                raise RefusedError(403, "You are not authorized to perform this operation")


def _required(scope: str) -> set[str]:
    noun, _, verb = scope.partition(":")
    return _REQUIRED.get(scope, set()) | ({f"{noun}:read"} if verb else set())


def scopes_of(method: str, path: str) -> list[str]:
    """The scopes that a request needs, by what it does and to what."""
    noun, *rest = path.removeprefix("/v2/").split("/")
    if noun == "account" and rest[:1] == ["keys"]:
        noun = "ssh_key"
    noun = _NOUNS.get(noun, noun)
    verb = _VERBS.get(method, "delete")
    # An action or a rule changes what is there already.
    if method in ("POST", "DELETE") and noun in ("droplet", "reserved_ip", "firewall"):
        verb = "update" if len(rest) > 1 else verb
    if noun == "domain" and method == "POST" and rest:
        # A new record changes its domain, too.
        return ["domain:create", "domain:update"]
    return [f"{noun}:{verb}"]
