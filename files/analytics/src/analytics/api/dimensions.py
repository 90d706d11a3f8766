"""What results are grouped and filtered by, under Plausible's names.

https://plausible.io/docs/stats-api#dimensions
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analytics import countries
from analytics.keeping.dictionary import COLUMNS
from analytics.seeing.filters import dimension as known
from analytics.seeing.intervals import Interval
from analytics.spool.record import CAMPAIGN
from analytics.transfer.names import PLAUSIBLE

Kind = Literal["visit", "event", "property"]

TIMES: dict[str, Interval | None] = {
    "time": None,
    "time:hour": "hour",
    "time:day": "day",
    "time:week": "week",
    "time:month": "month",
}
"""The dimensions of time; which of them `time` is depends on the date range."""
NOT_SET = "(not set)"
_PROPERTY = "event:props:"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension but time."""

    key: str
    """Plausible's name of it."""
    kind: Kind
    column: str
    """Where the number of its text stands, of a visit `v` or an event `e`; of a property, its
    name."""
    name: str = ""
    """The dashboard's name of it, under which there are daily sums; "" if there are none."""
    unknown: str = NOT_SET
    """What the unknown is called."""
    optional: bool = False
    """Whether those who have none are left out of its list."""
    named: str = ""
    """Under which key of `names` its texts have another name in the answers; "" if they don't."""

    @property
    def table(self) -> str | None:
        """The table that its column is of, beside visits and events."""
        return next((name for name in COLUMNS if self.column.startswith(f"{name[0]}.")), None)

    def names_as(self, alias: str) -> str:
        """The names of its texts as rows in SQL, of the parameters of `names`."""
        arrays = (f"CAST(:{self.named}_{each} AS text[])" for each in ("codes", "names"))
        return f"unnest({', '.join(arrays)}) {alias} (code, name)"


def _of_visit(
    key: str, name: str, unknown: str = NOT_SET, *, optional: bool = False, named: str = ""
) -> Dimension:
    table = next(table for table, columns in COLUMNS.items() if name in columns)
    column = f"{table[0]}.{name}"
    return Dimension(f"visit:{key}", "visit", column, name, unknown, optional, named)


_DIRECT = "Direct / None"
_NOTHING = "CAST(NULL AS integer)"
# Plausible has them, and they are not kept.
_NOT_KEPT = (
    *("region", "region_name", "city", "city_name"),
    *("browser_version", "os_version", "exit_page_hostname"),
)
PAGE = Dimension("event:page", "event", "e.path", "page")
GOAL = Dimension("event:goal", "event", "e.name", "event")
NAME = Dimension("event:name", "event", "e.name")
ENTRY = Dimension("visit:entry_page", "visit", "nullif(v.entry, 0)", "entry_page", optional=True)
COUNTRY_NAME = Dimension("visit:country_name", "visit", "c.country", "country", named="countries")

DIMENSIONS = {
    each.key: each
    for each in (
        PAGE,
        NAME,
        GOAL,
        Dimension("event:hostname", "visit", "a.hostname", "hostname", optional=True),
        ENTRY,
        Dimension("visit:exit_page", "visit", "nullif(v.exit, 0)", "exit_page", optional=True),
        _of_visit("source", "source", _DIRECT),
        _of_visit("channel", "channel"),
        _of_visit("referrer", "referrer", _DIRECT, optional=True),
        *(_of_visit(name, name, optional=True) for name in CAMPAIGN),
        _of_visit("country", "country"),
        COUNTRY_NAME,
        _of_visit("browser", "browser", named="browsers"),
        _of_visit("os", "system", named="systems"),
        _of_visit("device", "screen"),
        _of_visit("screen", "screen"),
        _of_visit("language", "language"),
        Dimension("visit:entry_page_hostname", "visit", "a.hostname", "hostname", optional=True),
        # Of all visits together there are sums.
        *(Dimension(f"visit:{each}", "visit", _NOTHING, "total") for each in _NOT_KEPT),
    )
}
"""All but properties and time, by Plausible's names."""


def find(key: object) -> Dimension | None:
    """The dimension of that name, or None if there is none. Of time, see TIMES."""
    if not isinstance(key, str):
        return None
    if key in DIMENSIONS:
        return DIMENSIONS[key]
    name = key.removeprefix(_PROPERTY)
    if name == key or known(f"prop:{name}") is None:
        return None
    return Dimension(key, "property", name, unknown="(none)")


def names() -> Mapping[str, list[str]]:
    """What `names_as` needs: texts, and what the readers of the answers call them."""
    found = {
        "countries": countries.names(),
        "browsers": PLAUSIBLE["browser"],
        "systems": PLAUSIBLE["system"],
    }
    codes = {f"{key}_codes": list(each) for key, each in found.items()}
    return codes | {f"{key}_names": list(each.values()) for key, each in found.items()}
