"""The owner's own directives for nginx. Whether they are right, nginx itself says later."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any

import crossplane  # type: ignore[import-untyped] # ngxparse, which has no stubs

from settings.faults import Fault
from settings.paths import content_of, path_of

# What nginx would take, and what would break a promise of the project's.
_ADDRESSES = "it would keep visitors' addresses"
_BODIES = "it would keep what visitors send"
_REFUSED = {
    "access_log": f"{_ADDRESSES}. What is counted, and how: count_from",
    "error_log": f"{_ADDRESSES}. Errors are in the journal without them",
    "add_header_inherit": "it would take the security headers away. add_header works without it",
    "client_body_in_file_only": _BODIES,
    "proxy_store": "it would keep what visitors are sent",
}
_PASSED = re.compile(r"(?:[a-z]+://)?(?P<host>\[[^]]*\]|[^:/]+)")


def extra_file(text: str) -> None:
    """Raise Fault when the file that `text` names can't be brought to the host as it is."""
    path = path_of(text)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", path.name):
        raise Fault(f"{path.name}: a name of letters, digits, dots and hyphens is needed.")
    try:
        content = content_of(text).decode()
    except UnicodeDecodeError:
        raise Fault(f"{text} is not a text (UTF-8).") from None
    if "\0" in content:
        raise Fault(f"{text} is not a text.")
    # What a directive means, and where it may stand, is nginx's own check; this knows words only.
    parsed = crossplane.parse(str(path), single=True, check_ctx=False, check_args=False)
    faults = [f"{text}:{one['line']}: {_plain(one['error'])}" for one in parsed["errors"]]
    for one in _walk(parsed["config"][0]["parsed"]):
        faults += (f"{text}:{one['line']}: {fault}" for fault in _faults(one))
    if faults:
        raise Fault(*faults)


def _plain(error: object) -> str:
    """The parser's words without the place, which it puts behind them."""
    return f"{str(error).partition(' in /')[0]}."


def _walk(directives: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in directives:
        yield one
        yield from _walk(one.get("block", []))


def _faults(one: dict[str, Any]) -> Iterator[str]:
    name = one["directive"]
    if name in _REFUSED:
        yield f"{name} has no place there: {_REFUSED[name]}."
    if name.endswith("_pass") and one["args"] and not _is_address(one["args"][0]):
        yield (
            f"{name} needs an address, and {one['args'][0]} has a name: nginx asks for a name when "
            "it starts, and would not start while DNS does not answer."
        )


def _is_address(passed: str) -> bool:
    """Whether nginx gets there without asking for a name, or asks for it later."""
    if "$" in passed or "unix:" in passed:
        return True
    found = _PASSED.match(passed)
    host = found["host"].strip("[]") if found else ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # The second is our own service.
        return host in ("localhost", "webapp")
    return True
