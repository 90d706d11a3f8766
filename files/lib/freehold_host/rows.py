"""How something of the host is, line by line."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

# The better first.
STATES = ("ok", "warning", "error")
_NOT_IN_ORDER = 2


@dataclass(frozen=True)
class Row:
    """One line: what it is about, how that is (one of STATES), and what to type."""

    what: str
    state: str
    text: str
    type: str = ""

    def told(self) -> dict[str, str]:
        return asdict(self)


def harmless(text: str) -> str:
    """What a stranger said, for root's terminal: in one line, without what a terminal would do.

    It ends where a command to type would be looked for.
    """
    said = "".join(one for one in " ".join(text.split()) if one.isprintable())
    return said.partition("Type:")[0].strip()


def worst(states: Iterable[str]) -> str:
    return max(states, key=STATES.index, default="ok")


def show(rows: Sequence[Row], *, as_json: bool) -> int:
    """Print them for a person, or in one line for a program; and what that exits with."""
    if as_json:
        print(json.dumps([row.told() for row in rows]))
    else:
        for row in rows:
            advice = f" Type: {row.type}" if row.type else ""
            print(f"{row.state:8}{row.what}: {row.text}{advice}")
    return 0 if worst(row.state for row in rows) == "ok" else _NOT_IN_ORDER
