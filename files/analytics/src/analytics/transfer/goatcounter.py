"""GoatCounter's export: one line a page view, with a mark of the session.

https://www.goatcounter.com/help/export has the columns of its versions.
"""

from collections.abc import Iterator
from urllib.parse import SplitResult

from sqlalchemy import Connection, text

from analytics.sites import Site
from analytics.taking import collect, sources, urls
from analytics.taking.agents import Agent, agent_of
from analytics.taking.channels import channel_of
from analytics.taking.sources import Source
from analytics.taking.visitors import VISIT_MINUTES
from analytics.texts import storable
from analytics.transfer import names
from analytics.transfer.rows import Line
from analytics.transfer.staging import number_of

PATHS = ("2Path", "1Path")
"""What the first column is called; the number is the format's version."""
NEEDED = (
    *("Event", "Browser", "Session", "Bot", "Referrer", "Referrer scheme"),
    *("Screen size", "Location", "Date"),
)
"""The other columns that are read."""

_NO_SESSION = frozenset("0-")

# A visit is what a session did until half an hour of silence, or for a day, as everywhere here.
# Its number is made of what it is, and so the same in whichever file it comes.
_VISITS = f"""
CREATE TEMPORARY TABLE hits_in_visits ON COMMIT DROP AS
WITH hits AS (
  SELECT *, coalesce(nullif(session, ''), time || path) AS who FROM staged_hits
  WHERE file = :file
), begun AS (
  SELECT *, CASE WHEN time - lag(time) OVER session <= interval '{VISIT_MINUTES} minutes'
    THEN 0 ELSE 1 END AS begins
  FROM hits WINDOW session AS (PARTITION BY who ORDER BY time, path)
), parts AS (
  SELECT *, sum(begins) OVER (PARTITION BY who ORDER BY time, path ROWS UNBOUNDED PRECEDING) AS part
  FROM begun
), days AS (
  SELECT *, div(extract(epoch FROM time - min(time) OVER (PARTITION BY who, part)), 86400) AS day
  FROM parts
)
SELECT *, {number_of("who || min(time) OVER (PARTITION BY who, part, day)")} AS visit FROM days
"""
_FIRST = "(array_agg({column} ORDER BY time, path))[1]"
_PAGE = "(array_agg(path ORDER BY time {order}, path {order}) FILTER (WHERE event IS NULL))[1]"
_CAME_WITH = ("country", "browser", "system", "screen", "referrer", "source", "channel")
_STAGE = (
    f"""
INSERT INTO staged_visits (file, id, start, visitor, bounce, seconds, page_views, entry, exit,
  hostname, {", ".join(_CAME_WITH)})
SELECT :file, visit, min(time), CASE WHEN min(session) = '' THEN 0 ELSE
    {number_of("min(session)")} END,
  (count(*) <= 1 AND count(event) = 0)::int, floor(extract(epoch FROM max(time) - min(time))),
  count(*) FILTER (WHERE event IS NULL), {_PAGE.format(order="ASC")},
  {_PAGE.format(order="DESC")}, :hostname,
  {", ".join(_FIRST.format(column=column) for column in _CAME_WITH)}
FROM hits_in_visits GROUP BY visit
""",
    """
INSERT INTO staged_events (file, visit, time, name, path)
SELECT :file, visit, time, coalesce(event, 'pageview'), path FROM hits_in_visits
""",
    "DROP TABLE hits_in_visits",
)


def rows(file: int, path: str, site: Site, lines: Iterator[Line]) -> Iterator[tuple[object, ...]]:
    """The page views and events as rows of `staged_hits`; robots are left out.

    `path` is the first column's name.
    """
    campaign = site.collects("campaign")
    for line in lines:
        if line.whole("Bot"):
            continue
        where = line.needed(path)
        event = line.values["Event"].lower() in ("true", "1")
        session = line.text("Session") or ""
        tagged = line.values["Referrer scheme"] == "c"
        referrer, source = (None, None) if tagged and not campaign else _came_from(line, site.name)
        agent = _agent(line, path)
        yield (
            file,
            "" if set(session) <= _NO_SESSION else session,
            line.moment("Date"),
            where if event else None,
            # On which page an event was, is not told.
            "/" if event else _page(where, site),
            names.country(line.text("Location")),
            agent.browser,
            agent.system,
            names.screen_of_width(line.text("Screen size")) or agent.screen,
            referrer,
            source and source.name,
            channel_of(source, tag=line.text("Referrer") if tagged and campaign else None),
        )


def make_visits(connection: Connection, file: int, site: str) -> None:
    """Make the visits of a file's hits."""
    connection.execute(text("ANALYZE staged_hits"))
    connection.execute(text(_VISITS), {"file": file})
    for statement in _STAGE:
        connection.execute(text(statement), {"file": file, "hostname": site})


def _page(address: str, site: Site) -> str:
    """The page as it is counted here: there it is as the visitor's browser has it in the address,
    encoded and with the query.
    """
    before, _, fragment = address.partition("#")
    path, _, query = before.partition("?")
    parts = SplitResult("", "", path, query, fragment)
    page = urls.path_of(parts, with_fragment=True)
    # What can't be kept decoded, for there is a NUL in it, is kept as it came.
    return collect.page_of(site, page if storable(page) else path, urls.parameters_of(parts))


def _agent(line: Line, path: str) -> Agent:
    """Names alone: the first version's "Browser" is the whole user agent, which is not kept."""
    if path == "1Path":
        return agent_of(line.text("Browser"))
    return Agent(names.browser(line.text("Browser")), names.system(line.text("System")), None)


def _came_from(line: Line, site: str) -> tuple[str | None, Source | None]:
    """Referrer and source. The scheme says what GoatCounter wrote: h an address, g a name of its
    own, c what the page's address says, o anything else, such as an app.
    """
    given = line.text("Referrer")
    if given is None:
        return None, None
    if line.values["Referrer scheme"] in ("g", "c"):
        return None, sources.of_tag(given)
    found = urls.external(given if "://" in given else f"https://{given}", site)
    return (found[0] + found[1], sources.of_host(found[0])) if found else (None, None)
