"""The owner's own directives for nginx. Whether they are right, nginx itself says later."""

import re
from collections.abc import Iterator

from settings.faults import Fault
from settings.paths import content_of, path_of

# What nginx would take, and what would break a promise of the project's.
_REFUSED = {
    "access_log": "it would keep visitors' addresses. What is counted, and how: count_from",
    "error_log": "it would keep visitors' addresses. Errors are in the journal without them",
    "add_header_inherit": "it would take the security headers away. add_header works without it",
}
_DIRECTIVE = re.compile(r"(?:^|[;{}])\s*(?P<name>[a-z_]+)(?=[\s;])")


def extra_file(text: str) -> None:
    """Raise Fault when the file that `text` names can't be brought to the host as it is."""
    name = path_of(text).name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise Fault(f"{name}: a name of letters, digits, dots and hyphens is needed.")
    try:
        content = content_of(text).decode()
    except UnicodeDecodeError:
        raise Fault(f"{text} is not a text (UTF-8).") from None
    faults = tuple(_faults(text, content))
    if faults:
        raise Fault(*faults)


def _faults(path: str, content: str) -> Iterator[str]:
    if "\0" in content:
        yield f"{path} is not a text."
    for number, line in enumerate(content.splitlines(), start=1):
        for found in _DIRECTIVE.finditer(line.partition("#")[0]):
            reason = _REFUSED.get(found["name"])
            if reason:
                yield f"{path}:{number}: {found['name']} has no place there: {reason}."
