"""Migration 0002 takes over what the first release kept."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from alembic import command
from analytics.keeping import rollups
from analytics.keeping.store import Store
from analytics.migrate import alembic_config, migrate
from analytics.seeing import sums
from analytics.seeing.sums import Slice
from analytics.spool.record import Record
from sqlalchemy import Engine, text


def test_what_the_first_release_kept_is_taken_over(unmigrated: Engine) -> None:
    """Pages and countries stay as they were, and new events join them."""
    moments = [datetime(2025, 12, 31, 23, 30, tzinfo=UTC), datetime(2026, 1, 5, 12, 0, 0, 7, UTC)]
    rows: list[tuple[str, str, str, str | None, str | None]] = [
        ("blog.test", "pageview", "/", None, "NL"),
        ("blog.test", "pageview", "/", "other.test/x", "US"),
        ("blog.test", "pageview", "/a", None, None),
        ("blog.test", "signup", "/a", None, "US"),
        ("shop.test", "pageview", "/a", None, "US"),
    ]
    names = ("site", "name", "path", "referrer", "country")
    with unmigrated.connect() as connection:
        command.upgrade(alembic_config(connection), "0001")
    insert = text(
        "INSERT INTO events (time, hostname, site, name, path, referrer, country)"
        " VALUES (:time, 'blog.test', :site, :name, :path, :referrer, :country)"
    )
    with unmigrated.begin() as connection:
        for moment in moments:
            for row in rows:
                connection.execute(insert, dict(zip(names, row, strict=True)) | {"time": moment})
    migrate(unmigrated, wait_seconds=5)
    zone = ZoneInfo("Europe/Berlin")
    with unmigrated.begin() as connection:
        for site, _, day in rollups.stale(connection):
            rollups.rebuild(connection, site, day, zone)

    def found(dimension: str, first: date = date.min) -> dict[str | None, int]:
        with unmigrated.connect() as connection:
            blog = connection.scalar(text("SELECT id FROM sites WHERE domain = 'blog.test'")) or 0
            tables = sums.tables(connection, [blog], [dimension], first, date.max, Slice(99))
        return {row.value: row.totals.page_views for row in tables[dimension].rows}

    assert found("page") == {"/": 4, "/a": 2}
    assert found("country") == {"NL": 2, "US": 2, None: 2}
    assert found("event") == {"signup": 2}
    assert found("referrer") == {"other.test/x": 2}
    assert found("total") == {None: 6}
    assert found("total", date(2026, 1, 1)) == {None: 6}, "half past midnight in Berlin"
    assert found("entry_page") == {"/": 4, "/a": 2}

    record = Record(
        time=round(moments[1].timestamp() * 1000),
        site="blog.test", name="pageview", path="/", hostname="blog.test", country="NL", visitor=1,
    )  # fmt: skip
    with unmigrated.connect() as connection:
        store = Store(connection, {})
        connection.rollback()
        with connection.begin():
            store.write(connection, [record])
        repeated = "SELECT count(*) - count(DISTINCT id) FROM visits"
        assert connection.scalar(text(repeated)) == 0
        assert connection.scalar(text("SELECT count(*) FROM visits")) == 11


def test_and_given_back(unmigrated: Engine) -> None:
    migrate(unmigrated, wait_seconds=5)
    first = {"site": "blog.test", "hostname": "blog.test", "visitor": 1, "country": "NL"}
    with unmigrated.connect() as connection:
        store = Store(connection, {})
        connection.rollback()
        with connection.begin():
            records = [
                Record(time=time, name=name, path=f"/{time}", **first)  # type: ignore[arg-type]
                for time, name in enumerate(("pageview", "engagement", "signup"))
            ]
            store.write(connection, records)
        command.downgrade(alembic_config(connection), "0001")
    with unmigrated.connect() as connection:
        rows = connection.execute(text("SELECT id, site, name, path, country FROM events"))
        assert [tuple(row) for row in rows] == [
            (1, "blog.test", "pageview", "/0", "NL"),
            (2, "blog.test", "signup", "/2", "NL"),
        ]


def test_without_events_there_is_nothing_to_take_over(unmigrated: Engine) -> None:
    with unmigrated.connect() as connection:
        command.upgrade(alembic_config(connection), "0001")
    migrate(unmigrated, wait_seconds=5)
    with unmigrated.connect() as connection:
        assert connection.scalar(text("SELECT nextval('visit_numbers')")) == 1
