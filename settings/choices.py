"""What several settings are: one of a few words, a time of the day, texts."""

import re
from typing import Annotated

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from settings.faults import Fault

# Each item is as strict as a field; only the container may be a list, as group_data has it.
Texts = Annotated[tuple[str, ...], Field(strict=False)]


class Choice:
    """An annotation: the text must be one of `words`, else `otherwise` says what it could be.

    `special` words have sentences of their own.
    """

    def __init__(self, *words: str, otherwise: str, **special: str) -> None:
        self.words = words
        self.otherwise = otherwise
        self.special = special

    def _check(self, given: object) -> object:
        if given not in self.words:
            raise Fault(self.special.get(str(given), self.otherwise))
        return given

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))


def time_of_day(given: str) -> str:
    """`given` when it is a time as 04:00 is.

    Raises Fault.
    """
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", given, flags=re.ASCII):
        raise Fault("It must be a time of the day (UTC) with two digits each, 00:00 to 23:59.")
    return given
