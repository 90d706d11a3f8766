"""What programs send as JSON, found to be what PostgreSQL can be asked for."""

import json
from typing import Any, NoReturn

from analytics import texts
from analytics.api.errors import QueryError

# Beyond it, what reads the value would need a deeper stack than Python has.
_DEEPEST = 30


def read(data: bytes | str, what: str = "The body") -> Any:  # noqa: ANN401 - JSON
    """The value. QueryError for what is no JSON, and for texts that no database can hold."""
    try:
        found = json.loads(data, parse_constant=_no_number)
        storable = _storable(found)
    except (ValueError, RecursionError):
        raise QueryError(f"{what} must be JSON.") from None
    if not storable:
        raise QueryError("Texts must be Unicode without NUL, and nested less than 30 deep.")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _storable(given: object, depth: int = 0) -> bool:
    """Whether all texts can be asked for in PostgreSQL: no NUL, and no lone surrogate."""
    if depth > _DEEPEST:
        return False
    if isinstance(given, str):
        return texts.storable(given)
    if isinstance(given, dict):
        return all(_storable(key) and _storable(one, depth + 1) for key, one in given.items())
    if isinstance(given, list):
        return all(_storable(one, depth + 1) for one in given)
    return True
