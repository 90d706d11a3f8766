"""Reading a request's body as strictly as the API does."""

from collections.abc import Collection
from typing import Any

from flask import request

from emulator.digitalocean.errors import RefusedError, unprocessable


class Body:
    """A JSON object that was sent; each method reads one attribute or refuses."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields

    def __contains__(self, name: str) -> bool:
        # JSON's null is what clients of typed languages send for "not set".
        return self.fields.get(name) is not None

    def value(self, name: str) -> Any:  # noqa: ANN401 (what JSON can be)
        """Whatever was sent; refused when it is not there."""
        if name not in self:
            raise unprocessable(f"{name} is a required field")
        return self.fields[name]

    def text(self, name: str, default: str | None = None) -> str:
        """A string that says something; without `default` it must be there."""
        if name not in self and default is not None:
            return default
        value = self.value(name)
        if not isinstance(value, str) or not (value.strip() or default == ""):
            raise unprocessable(f"{name} must be a string and can't be blank")
        return value

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        """One of the words that are `allowed`."""
        value = self.text(name)
        if value not in allowed:
            raise unprocessable(f"{name} must be one of {', '.join(allowed)}")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.fields[name] if name in self else default
        if not isinstance(value, bool):
            raise unprocessable(f"{name} must be true or false")
        return value

    def number(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`."""
        value = default if name not in self and default is not None else self.value(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise unprocessable(f"{name} must be a number")
        if not low <= value <= high:
            raise unprocessable(f"{name} must be from {low} to {high}")
        return value

    def many(self, name: str, kinds: type | tuple[type, ...]) -> list[Any]:
        """A list whose items are of `kinds`; empty when it is not there."""
        value = self.fields[name] if name in self else []
        if not isinstance(value, list):
            raise unprocessable(f"{name} must be an array")
        if not all(isinstance(item, kinds) and not isinstance(item, bool) for item in value):
            raise unprocessable(f"{name} has an item of a wrong type")
        return value


def body() -> Body:
    """The body of the request at hand."""
    if request.mimetype != "application/json":
        raise RefusedError(400, "The request body must be application/json.")
    fields = request.get_json(silent=True)
    if not isinstance(fields, dict):
        raise RefusedError(400, "There is a syntax error in your JSON.")
    return Body(fields)
