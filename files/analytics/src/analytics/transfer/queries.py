"""What an export holds, as statements: each yields a table with the columns' names and order.

Their parameters are `site`, `zone`, `since` (the first day whose events there are) and `start`
(when that day begins).
"""

from collections.abc import Mapping

from analytics.keeping.dictionary import COLUMNS
from analytics.keeping.dimensions import NUMBERS, PAGE, TOTAL
from analytics.keeping.imported import COUNTS, NO_SUMS, ORIGINS, SUMS
from analytics.spool.record import CAMPAIGN, ENGAGEMENT, PAGE_VIEW
from analytics.transfer.names import PLAUSIBLE

_ISO = """to_char({column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_TEXTS = [(table, name) for table, names in COLUMNS.items() for name in names]
_JOIN_TEXTS = " ".join(f"LEFT JOIN texts t_{n} ON t_{n}.id = {t[0]}.{n}" for t, n in _TEXTS)
_ORIGIN = f"""CASE origin {
    " ".join(f"WHEN {number} THEN '{name}'" for name, number in ORIGINS.items())
} END"""
_DIMENSION = f"""CASE dimension {
    " ".join(f"WHEN {number} THEN '{name}'" for name, number in NUMBERS.items())
} END"""
# A visit over midnight belongs to the day before, and its events to both.
_KEPT = "start + make_interval(secs => seconds + 1) >= %(start)s"

FREEHOLD: Mapping[str, str] = {
    "visits": f"""
SELECT v.id, {_ISO.format(column="v.start")} AS start, visitor, bounce, seconds, page_views,
  entry.text AS entry_page, exit.text AS exit_page,
  {", ".join(f"t_{name}.text AS {name}" for _, name in _TEXTS)}
FROM visits v JOIN clients c ON c.id = v.client JOIN arrivals a ON a.id = v.arrival
LEFT JOIN texts entry ON entry.id = v.entry LEFT JOIN texts exit ON exit.id = v.exit {_JOIN_TEXTS}
WHERE v.site = %(site)s AND {_KEPT}
""",
    "events": f"""
SELECT visit, {_ISO.format(column="time")} AS time, n.text AS name, p.text AS page,
  scroll AS scroll_depth, engaged AS engagement_ms, props
FROM events e JOIN texts n ON n.id = e.name JOIN texts p ON p.id = e.path
WHERE e.site = %(site)s AND e.time >= %(start)s
""",
    # What was imported, and of days without events the rest as well.
    "sums": f"""
SELECT {_ORIGIN} AS origin, {_DIMENSION} AS dimension, day AS date, t.text AS value,
  {", ".join(COUNTS)}
FROM (
  SELECT origin, dimension, day, value, {", ".join(COUNTS)} FROM imported_daily
  WHERE site = %(site)s
  UNION ALL
  SELECT {ORIGINS["freehold"]}, dimension, day, value, {SUMS}
  FROM (
    SELECT dimension, day, value, {", ".join(COUNTS)} FROM daily
    WHERE site = %(site)s AND day < %(since)s
    UNION ALL
    SELECT dimension, day, value, {", ".join(f"-{name}" for name in COUNTS)} FROM imported_daily
    WHERE site = %(site)s AND day < %(since)s
  ) d GROUP BY dimension, day, value
) s LEFT JOIN texts t ON t.id = s.value
WHERE NOT ({NO_SUMS})
""",
    "drops": "SELECT day AS date, reason, events FROM drops WHERE site = %(site)s",
}
"""Our own tables, but for the one that says what the export is."""

_OF_VISITS = "visitors, visits, seconds AS visit_duration, bounces, page_views AS pageviews"


def _daily(
    dimension: str, columns: str, where: str = "true", known: Mapping[str, str] | None = None
) -> str:
    """A table of one dimension's daily sums. In `columns`, {value} is what it is called there."""
    value = "coalesce(t.text, '')"
    if known:
        cases = " ".join(f"WHEN '{ours}' THEN '{theirs}'" for ours, theirs in known.items())
        value = f"CASE t.text {cases} ELSE {value} END"
    return f"""
SELECT day AS date, {columns.format(value=value)} FROM daily d LEFT JOIN texts t ON t.id = d.value
WHERE site = %(site)s AND dimension = {NUMBERS[dimension]} AND {where} ORDER BY day, d.value
"""


# Sums of one thing each, of which nothing more is known: of days without events, and imported.
_SUMS_ALONE = """
  SELECT day, value, {counts} FROM daily
  WHERE site = %(site)s AND dimension = {dimension} AND day < %(since)s
  UNION ALL
  SELECT day, value, {counts} FROM imported_daily
  WHERE site = %(site)s AND dimension = {dimension} AND day >= %(since)s
"""
_ARRIVAL = ("source", "referrer", *CAMPAIGN)
_SOURCES = f"""
SELECT (v.start AT TIME ZONE %(zone)s)::date AS date,
  {", ".join(f"coalesce(t_{name}.text, '') AS {name}" for name in _ARRIVAL)},
  sum(page_views) AS pageviews, count(DISTINCT visitor) FILTER (WHERE visitor <> 0) AS visitors,
  count(*) AS visits, sum(seconds) AS visit_duration, sum(bounce) AS bounces
FROM visits v JOIN arrivals a ON a.id = v.arrival
{" ".join(f"LEFT JOIN texts t_{n} ON t_{n}.id = a.{n}" for n in _ARRIVAL)}
WHERE v.site = %(site)s AND v.start >= %(start)s GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
UNION ALL
SELECT day, coalesce(t.text, ''), {", ".join(["''"] * 6)}, page_views, visitors, visits, seconds,
  bounces
FROM ({
    _SUMS_ALONE.format(
        counts="page_views, visitors, visits, seconds, bounces", dimension=NUMBERS["source"]
    )
}) s LEFT JOIN texts t ON t.id = s.value
ORDER BY date
"""
_EVENTS = f"""
FROM events e JOIN texts n ON n.id = e.name AND n.text NOT IN ('{PAGE_VIEW}', '{ENGAGEMENT}')
JOIN visits v ON v.id = e.visit AND v.site = e.site
"""
_COUNTED = """
  count(DISTINCT v.visitor) FILTER (WHERE v.visitor <> 0) AS visitors, count(*) AS events
"""
_CUSTOM_EVENTS = f"""
SELECT (e.time AT TIME ZONE %(zone)s)::date AS date, n.text AS name,
  coalesce(e.props ->> 'url', '') AS link_url, coalesce(e.props ->> 'path', '') AS path, {_COUNTED}
{_EVENTS} WHERE e.site = %(site)s AND e.time >= %(start)s GROUP BY 1, 2, 3, 4
UNION ALL
SELECT day, t.text, '', '', visitors, page_views
FROM ({_SUMS_ALONE.format(counts="visitors, page_views", dimension=NUMBERS["event"])}) s
JOIN texts t ON t.id = s.value
ORDER BY date
"""
_CUSTOM_PROPS = f"""
SELECT (e.time AT TIME ZONE %(zone)s)::date AS date, p.key AS property, p.value, {_COUNTED}
{_EVENTS} CROSS JOIN jsonb_each_text(e.props) p
WHERE e.site = %(site)s AND e.time >= %(start)s GROUP BY 1, 2, 3 ORDER BY date
"""

PLAUSIBLE_TABLES: Mapping[str, str] = {
    "visitors": f"""
SELECT day AS date, visitors, page_views AS pageviews, bounces, visits, seconds AS visit_duration
FROM daily WHERE site = %(site)s AND dimension = {TOTAL} ORDER BY day
""",
    "sources": _SOURCES,
    "pages": f"""
SELECT day AS date, (SELECT domain FROM sites WHERE id = %(site)s) AS hostname, t.text AS page,
  visits, visitors, page_views AS pageviews, scrolled AS total_scroll_depth,
  scrolls AS total_scroll_depth_visits, seconds AS total_time_on_page,
  CASE WHEN seconds > 0 THEN visits ELSE 0 END AS total_time_on_page_visits
FROM daily d JOIN texts t ON t.id = d.value
WHERE site = %(site)s AND dimension = {PAGE} AND page_views > 0 ORDER BY day, value
""",
    "entry_pages": _daily(
        "entry_page",
        "{value} AS entry_page, visitors, visits AS entrances, seconds AS visit_duration, bounces,"
        " page_views AS pageviews",
    ),
    "exit_pages": _daily(
        "exit_page",
        "{value} AS exit_page, visitors, seconds AS visit_duration, visits AS exits, bounces,"
        " page_views AS pageviews",
    ),
    "custom_events": _CUSTOM_EVENTS,
    "custom_props": _CUSTOM_PROPS,
    "locations": _daily(
        "country",
        f"{{value}} AS country, '' AS region, 0 AS city, {_OF_VISITS}",
        where="d.value <> 0",
    ),
    "devices": _daily("screen", f"{{value}} AS device, {_OF_VISITS}"),
    "browsers": _daily(
        "browser",
        f"{{value}} AS browser, '' AS browser_version, {_OF_VISITS}",
        known=PLAUSIBLE["browser"],
    ),
    "operating_systems": _daily(
        "system",
        f"{{value}} AS operating_system, '' AS operating_system_version, {_OF_VISITS}",
        known=PLAUSIBLE["system"],
    ),
}
"""Plausible's tables."""
