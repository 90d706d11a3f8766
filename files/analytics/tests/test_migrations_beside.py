"""Each migration leaves a schema that the release before it can go on with.

During a redeploy the older one serves on while the database is migrated, and after a rollback it
serves on what the newer one has left. So a migration adds: what is no longer used goes in a later
release, when none that uses it can be gone back to.
"""

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from analytics.migrate import alembic_config, migrate
from compatible import faults, schema_of, shut_tables
from sqlalchemy import Connection, Engine, text

pytestmark = pytest.mark.integration

REVISIONS = sorted(
    script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()
)
# Of before the first release: no host was ever migrated by them with a redeploy of this kind. A new
# migration has no business here.
BEFORE_THE_FIRST_RELEASE = {
    # It made one table of events into events, visits and their texts.
    "0002": {"events.id", "events.hostname", "events.referrer", "events.country"},
    # ON CONFLICT named this key nowhere; the index is built while visits can't be read.
    "0010": {"visits PRIMARY KEY", "while ix_visits_id", "while visits_2026_01_id_idx"},
}
MONTH = """
CREATE TABLE visits_2026_01 PARTITION OF visits
FOR VALUES FROM ('2026-01-01 00:00Z') TO ('2026-02-01 00:00Z')
"""


def found(connection: Connection, revision: str) -> list[str]:
    """What is wrong with the step to `revision`, taken as a deploy takes it but for the commit."""
    before = schema_of(connection)
    command.upgrade(alembic_config(connection), revision)
    return list(faults(before, schema_of(connection), shut_tables(connection)))


@pytest.fixture
def connection(unmigrated: Engine) -> Iterator[Connection]:
    with unmigrated.connect() as opened:
        yield opened


def test_the_release_before_can_go_on(connection: Connection) -> None:
    told: dict[str, list[str]] = {}
    for revision in REVISIONS:
        with connection.begin():
            told[revision] = found(connection, revision)
        if revision == "0002":
            # A table as large as one gets: its file tells whether it was written anew.
            with connection.begin():
                connection.execute(text(MONTH))
    new = {revision: faulty for revision, faulty in told.items() if faulty}
    assert new.keys() == BEFORE_THE_FIRST_RELEASE.keys(), new
    for revision, reasons in BEFORE_THE_FIRST_RELEASE.items():
        for reason in reasons:
            assert any(reason in one for one in told[revision]), "An exception without a fault."
    assert len(told["0010"]) == len(BEFORE_THE_FIRST_RELEASE["0010"]), told["0010"]


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DROP TABLE annotations", "annotations.text is gone"),
        ("ALTER TABLE annotations RENAME TO notes", "annotations.text is gone"),
        ("ALTER TABLE events RENAME COLUMN path TO page", "events.path is gone"),
        ("ALTER TABLE events DROP COLUMN props", "events.props is gone"),
        ("ALTER TABLE drops ALTER events TYPE bigint", "drops.events was integer and is bigint"),
        ("ALTER TABLE visits ALTER seconds TYPE bigint", "visits_2026_01 is written anew"),
        ("ALTER TABLE tokens ALTER site SET NOT NULL", "tokens.site may no longer be empty"),
        ("ALTER TABLE tokens ALTER scope DROP DEFAULT", "tokens.scope must be named now"),
        ("ALTER TABLE sites ALTER id DROP IDENTITY", "sites.id must be named now"),
        ("ALTER TABLE visits ADD colour int NOT NULL", "visits.colour is new"),
        ("ALTER TABLE visits ADD colour int DEFAULT random() NOT NULL", "is written anew"),
        ("ALTER TABLE daily ADD CHECK (value > 0)", "newly: daily CHECK"),
        ("ALTER TABLE tokens ADD UNIQUE (name)", "newly: tokens UNIQUE (name)"),
        ("CREATE UNIQUE INDEX ON tokens (lower(name))", "newly: tokens UNIQUE lower(name)"),
        ("ALTER TABLE texts DROP CONSTRAINT uq_texts_text", "no longer: texts UNIQUE (text)"),
        ("DROP SEQUENCE visit_numbers", "visit_numbers is gone"),
        (
            "ALTER TABLE visits ADD colour int; CREATE INDEX ix_colour ON visits (colour)",
            "visits can't be read while ix_colour is built",
        ),
    ],
)
def test_what_would_break_it_is_found(
    unmigrated: Engine, connection: Connection, statement: str, fault: str
) -> None:
    migrate(unmigrated, wait_seconds=5)
    with connection.begin():
        connection.execute(text(MONTH))
    with connection.begin():
        before = schema_of(connection)
        connection.execute(text(statement))
        told = list(faults(before, schema_of(connection), shut_tables(connection)))
    assert any(fault in one for one in told), told


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE goals (id int PRIMARY KEY, site int NOT NULL)",
        "ALTER TABLE visits ADD colour int",
        "ALTER TABLE visits ADD colour int DEFAULT 0 NOT NULL",
        "ALTER TABLE tokens ALTER name DROP NOT NULL",
        # Whoever writes waits, and that is the worker alone.
        "CREATE INDEX ON events (visit)",
    ],
)
def test_what_adds_is_none(unmigrated: Engine, connection: Connection, statement: str) -> None:
    migrate(unmigrated, wait_seconds=5)
    with connection.begin():
        before = schema_of(connection)
        connection.execute(text(statement))
        assert list(faults(before, schema_of(connection), shut_tables(connection))) == []
