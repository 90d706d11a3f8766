"""Whatever was counted, by any clock and in any zone, comes back as it was."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from analytics.keeping import rollups
from analytics.sites import Site
from analytics.spool.record import Record
from analytics.transfer import archive, entering, exporting, merging, reading, staging
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

pytestmark = pytest.mark.integration

Keep = Callable[..., None]

# Three days, a clock change in Berlin among them when it is time for it.
BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
PATHS = ["/", "/a,b", '/"quoted"', "/new\nline", "/\r", "/ü☃", "/'", "=1+1", "/\\N", "/,"]
TEXTS = st.sampled_from([None, "A", "ü,\n", '"'])


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    one = st.builds(
        Record,
        time=st.integers(0, 3 * 24 * 3600 * 1000).map(
            lambda ms: round(BEGIN.timestamp() * 1000) + ms
        ),
        site=st.just("blog.test"),
        name=st.sampled_from(["pageview", "pageview", "engagement", "Order", "ev,ent"]),
        path=st.sampled_from(PATHS),
        hostname=st.sampled_from(["blog.test", "m.blog.test"]),
        visitor=st.integers(0, 4) | st.just(-(2**63)),
        referrer=TEXTS,
        source=TEXTS,
        channel=TEXTS,
        utm_source=TEXTS,
        utm_term=TEXTS,
        country=st.sampled_from([None, "NL", "US"]),
        browser=TEXTS,
        language=TEXTS,
        engaged=st.sampled_from([None, 1500]),
        scroll=st.sampled_from([None, 0, 90]),
        interactive=st.booleans(),
        props=st.sampled_from([None, {"plan": 'ü,\n"'}, {"a": "b", "c": "d"}]),
    )
    return draw(st.lists(one, max_size=30))


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        # The temporary tables must end with it.
        connection.detach()
        yield connection


def export(engine: Engine, site: Site) -> bytes:
    target = io.BytesIO()
    with engine.connect() as connection:
        exporting.write(connection, site, target, lambda _: None)
    return target.getvalue()


def take_in(engine: Engine, file: Path, site: Site) -> None:
    with transaction(engine) as connection:
        with connection.begin():
            staging.prepare(connection)
            found = reading.read(connection, archive.tables(file), site, lambda _: None)
        with connection.begin():
            number = entering.enter(connection, site)
        with connection.begin():
            for each in found:
                merging.merge(connection, each, site, number, lambda _: None)
        with connection.begin():
            for stale, _, day in rollups.stale(connection):
                rollups.rebuild(connection, stale, day, site.time_zone)


def kept(engine: Engine, domain: str) -> dict[str, list[Any]]:
    """All that there is of a site, in words."""
    queries = {
        "daily": "SELECT d.dimension, d.day, t.text, d.visitors, d.visits, d.page_views, d.bounces,"
        " d.seconds, d.scrolls, d.scrolled FROM daily d LEFT JOIN texts t ON t.id = d.value"
        " WHERE d.site = s.id",
        "events": "SELECT e.time, n.text, p.text, e.scroll, e.engaged, e.props, v.start, v.visitor"
        " FROM events e JOIN texts n ON n.id = e.name JOIN texts p ON p.id = e.path"
        " JOIN visits v ON v.id = e.visit WHERE e.site = s.id AND v.site = s.id",
        "visits": "SELECT v.start, v.visitor, v.bounce, v.seconds, v.entry, v.exit, v.page_views,"
        " v.client, v.arrival FROM visits v WHERE v.site = s.id",
    }
    with engine.connect() as connection:
        return {
            name: sorted(
                connection.scalars(
                    text(
                        "SELECT x::text FROM sites s CROSS JOIN LATERAL"
                        f" ({query}) x WHERE s.domain = :domain"
                    ),
                    {"domain": domain},
                )
            )
            for name, query in queries.items()
        }


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seen=records(),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati"]),
    keep_days=st.sampled_from([400, 19, 18]),
)
def test_every_visit_comes_back(
    engine: Engine,
    keep: Keep,
    tmp_path_factory: Any,
    seen: list[Record],
    zone: str,
    keep_days: int,
) -> None:
    with engine.begin() as connection:
        tables = "visits, events, daily, monthly, stale_days, imports, imported_daily"
        connection.execute(text(f"TRUNCATE {tables}"))
    keep(seen, zone)
    site = Site("blog.test", time_zone=ZoneInfo(zone), keep_days=keep_days)
    copy = Site("copy.test", time_zone=ZoneInfo(zone), keep_days=keep_days)
    before = kept(engine, "blog.test")
    if not before["daily"]:
        return
    file = tmp_path_factory.mktemp("any") / "a.zip"
    file.write_bytes(export(engine, site))
    assert zipfile.is_zipfile(file)
    for _ in range(2):
        take_in(engine, file, copy)
        after = kept(engine, "copy.test")
        assert after["daily"] == before["daily"]
        if keep_days == 400:
            assert after == before
    take_in(engine, file, site)
    assert kept(engine, "blog.test") == before
