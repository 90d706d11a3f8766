"""What the owner's pages may load and run: the Content-Security-Policy, read as browsers read it.

https://www.w3.org/TR/CSP3/
"""

import difflib
import re
from collections.abc import Iterator

from settings.faults import Fault

# What a static site without inline scripts and styles needs, and nothing else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; upgrade-insecure-requests"
)

_LISTS = {
    *("default-src", "script-src", "script-src-elem", "script-src-attr", "style-src"),
    *("style-src-elem", "style-src-attr", "img-src", "media-src", "font-src", "connect-src"),
    *("manifest-src", "frame-src", "child-src", "worker-src", "object-src", "form-action"),
    *("base-uri", "frame-ancestors"),
}
_OTHERS = {
    *("upgrade-insecure-requests", "sandbox", "report-to", "report-uri", "trusted-types"),
    "require-trusted-types-for",
}
_KEYWORDS = (
    *("'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "'wasm-unsafe-eval'"),
    *("'unsafe-hashes'", "'strict-dynamic'", "'report-sample'"),
)
# nginx reads at most 4,096 bytes as one word.
_LONGEST = 4000
_HASH = re.compile(r"'sha(256|384|512)-[A-Za-z0-9+/_-]+={0,2}'")


def readable_policy(given: str) -> str:
    """`given` when nginx can send it and browsers will understand it; it may be empty.

    Raises Fault with all that is wrong.
    """
    faults = tuple(_faults(given))
    if faults:
        raise Fault(*faults)
    return given


def _faults(given: str) -> Iterator[str]:
    if not re.fullmatch(r"[ -~]*", given):
        yield "It must be one line of plain characters (ASCII)."
        return
    if len(given) > _LONGEST:
        yield f"It has {len(given):,} characters, and nginx takes at most {_LONGEST:,}."
    # Within nginx's text they would end it, or be taken for a variable.
    for wrong in ('"', "\\", "$", "{", "}"):
        if wrong in given:
            yield f"{wrong} can't stand in it. Words such as 'self' have single quotes."
    if "," in given:
        yield "A comma would begin a second policy. Sources are separated by spaces."
    seen = set()
    for directive in filter(None, (part.split() for part in given.split(";"))):
        name, *values = directive
        if name.lower() in seen:
            yield f"{name} stands twice, and browsers take the first alone."
        seen.add(name.lower())
        yield from _faults_of_directive(name.lower(), values)


def _faults_of_directive(name: str, values: list[str]) -> Iterator[str]:
    if name not in _LISTS | _OTHERS:
        near = difflib.get_close_matches(name, _LISTS | _OTHERS, n=1)
        yield f"There is no {name}." + (f" Did you mean {near[0]}?" if near else "")
    if name not in _LISTS:
        return
    if "'none'" in values and len(values) > 1:
        yield f"{name} has 'none' and more, and then browsers pass over 'none'."
    for value in values:
        yield from _faults_of_source(name, value)


def _faults_of_source(name: str, value: str) -> Iterator[str]:
    bare = value.strip("'").lower()
    if f"'{bare}'" in _KEYWORDS:
        if value.lower() != f"'{bare}'":
            yield f"{name}: {value} must have single quotes: '{bare}'"
    elif bare.startswith("nonce-"):
        yield f"{name}: a nonce must be another one in each answer, and the pages are files."
    elif "'" in value and not _HASH.fullmatch(value):
        near = difflib.get_close_matches(value, _KEYWORDS, n=1)
        yield f"{name}: {value} is unknown." + (f" Did you mean {near[0]}?" if near else "")
