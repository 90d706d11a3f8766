"""What our files on the host are like, asked in one round trip for many operations.

A run that changes nothing spends most of its time asking, one operation after the other: on a slow
host half a second for each.
"""

import posixpath
from collections.abc import Sequence

from pyinfra import host, state

from facts.files import Entry, Files

# Where most of ours are, and few of others.
OURS = ("/etc/freehold", "/etc/systemd", "/usr/local/lib/freehold", "/usr/local/sbin")

# Of each host, by its name: when they were asked, and what they were.
_known: dict[str, tuple[object, dict[str, Entry]]] = {}


def known_files(paths: Sequence[str]) -> dict[str, Entry]:
    """What of `paths` exists, with all that is below those that are folders, by its path.

    And the folders that `paths` lie in, without what else is in them. After an operation that
    changed anything, by whatever command, they are asked again.
    """
    folders = sorted({posixpath.dirname(path) for path in paths})
    if not all(path.startswith(tuple(f"{one}/" for one in OURS)) for path in paths):
        found: dict[str, Entry] = host.get_fact(Files, paths=paths, folders=folders)
        return found
    now = _moment()
    when, known = _known.get(host.name, (None, {}))
    if when != now:
        known = host.get_fact(Files, paths=OURS)
        _known[host.name] = (now, known)
    below = tuple(f"{path}/" for path in paths)
    named = {*paths, *folders}
    return {path: entry for path, entry in known.items() if path in named or path.startswith(below)}


def others_may_change(entry: Entry) -> bool:
    """Whether it is a folder in which somebody beside root may replace what is ours."""
    mode, owner, kind = entry.split(" ")
    return kind == "/" and (int(mode, 8) & 0o022 != 0 or not owner.startswith("root:"))


def _moment() -> object:
    """The stage of the run, and how many operations have run a command on the host so far."""
    ran = sum(one.operation_meta.executed for one in state.ops[host].values())
    return state.current_stage, ran
