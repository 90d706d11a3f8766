"""The schema: up from nothing, down again, equal to the models, whoever else is migrating."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from analytics import migrate as module
from analytics.database import QUERY_SECONDS
from analytics.keeping import schema
from analytics.migrate import _LOCK, MigrationError, alembic_config, main, migrate
from sqlalchemy import Connection, Engine, create_engine, inspect, text

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).parents[1] / "src"


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return schema.revision(connection)


def test_the_head_is_what_alembic_says() -> None:
    assert [schema.head()] == ScriptDirectory.from_config(alembic_config()).get_heads()


@pytest.mark.parametrize(
    ("found", "state"), [(None, "behind"), ("0000", "behind"), ("0001", "ok"), ("0002", "ahead")]
)
def test_state_of_a_database(
    found: str | None, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "head", lambda: "0001")
    assert schema.state(found) == state


def test_from_nothing_to_the_models_and_back(
    unmigrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert revision(unmigrated) is None
    migrate(unmigrated, wait_seconds=5)
    assert revision(unmigrated) == schema.head()
    with unmigrated.connect() as connection:
        command.check(alembic_config(connection))
    with unmigrated.connect() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert inspect(unmigrated).get_table_names() == ["alembic_version"]
    migrate(unmigrated, wait_seconds=5)
    migrate(unmigrated, wait_seconds=5)
    said = capsys.readouterr().out
    assert f"schema went from empty to {schema.head()}" in said
    assert f"schema is at {schema.head()}: nothing to do" in said


def test_check_notices_a_difference(unmigrated: Engine) -> None:
    migrate(unmigrated, wait_seconds=5)
    with unmigrated.begin() as connection:
        connection.execute(text("ALTER TABLE events DROP COLUMN props"))
    with unmigrated.connect() as connection, pytest.raises(Exception, match="New upgrade"):
        command.check(alembic_config(connection))


def test_many_at_once(unmigrated: Engine) -> None:
    with ThreadPoolExecutor(6) as threads:
        for done in [threads.submit(migrate, unmigrated, 20) for _ in range(6)]:
            done.result()
    assert revision(unmigrated) == schema.head()


def test_a_newer_schema_is_left_as_it_is(
    unmigrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    migrate(unmigrated, wait_seconds=5)
    with unmigrated.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    migrate(unmigrated, wait_seconds=5)
    assert revision(unmigrated) == "9999"
    assert "newer than this release's" in capsys.readouterr().out


def test_another_migration_is_waited_for_but_not_for_ever(
    unmigrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with unmigrated.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        with pytest.raises(MigrationError, match="gave up after 1 seconds"):
            migrate(unmigrated, wait_seconds=1)
        other.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
    assert "waiting for another migration to end" in capsys.readouterr().out
    assert revision(unmigrated) is None


def test_a_migration_that_failed_leaves_nothing_half_done(unmigrated: Engine) -> None:
    with unmigrated.begin() as connection:
        connection.execute(text("CREATE TABLE ix_events_site_time (taken int)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(unmigrated, wait_seconds=5)
    assert inspect(unmigrated).get_table_names() == ["ix_events_site_time"]
    with unmigrated.begin() as connection:
        connection.execute(text("DROP TABLE ix_events_site_time"))
    migrate(unmigrated, wait_seconds=5)
    assert revision(unmigrated) == schema.head()


@pytest.fixture
def dump(unmigrated: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """What a dump does to a database of the revision before: it holds every table for long."""
    assert module._LOCK_SECONDS < QUERY_SECONDS, "The dashboard would wait for longer than it does."
    monkeypatch.setattr(module, "_LOCK_SECONDS", 0.4)
    monkeypatch.setattr(module, "_BUSY_PAUSE_SECONDS", 0.5)
    with unmigrated.connect() as connection:
        command.upgrade(alembic_config(connection), "0009")
        connection.commit()
    with unmigrated.connect() as connection:
        connection.execute(text("LOCK TABLE visits, events, daily IN ACCESS SHARE MODE"))
        yield connection


def test_who_reads_does_not_wait_for_a_migration_that_waits_for_a_backup(
    unmigrated: Engine, dump: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(1) as threads:
        migrating = threads.submit(migrate, unmigrated, 5)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            with unmigrated.connect() as dashboard:
                # Ends with an error after QUERY_SECONDS.
                dashboard.execute(text("SELECT count(*) FROM visits"))
            time.sleep(0.02)
        assert not migrating.done()
        dump.rollback()
        migrating.result(timeout=30)
    assert revision(unmigrated) == schema.head()
    assert "waiting for a table that is in use" in capsys.readouterr().out


def test_a_table_that_is_in_use_is_not_waited_for_for_ever(
    unmigrated: Engine, dump: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BUSY_SECONDS", 2.0)
    with pytest.raises(MigrationError, match=r"gave up after 2 seconds .* by a backup"):
        migrate(unmigrated, wait_seconds=5)
    assert revision(unmigrated) == "0009"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the program itself, as the one-shot container does."""
    return subprocess.run(
        [sys.executable, "-m", "analytics.migrate", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_needs_only_the_database_s_settings(unmigrated: Engine) -> None:
    url = unmigrated.url.render_as_string(hide_password=False)
    done = run(ANALYTICS_DATABASE_URL=url)
    assert (done.returncode, done.stderr) == (0, "")
    assert revision(unmigrated) == schema.head()


def test_a_database_that_never_comes_is_one_sentence_and_exit_code_1() -> None:
    done = run("--wait", "1", ANALYTICS_DATABASE_URL="postgresql://u@127.0.0.1:1/n")
    assert done.returncode == 1
    assert "waiting for the database: " in done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert "gave up after 1 seconds of waiting for the database" in done.stderr


def test_a_wrong_setting_is_one_sentence_and_exit_code_1() -> None:
    done = run(ANALYTICS_DATABASE_PASSWORD_FILE="/nonexistent")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "ANALYTICS_DATABASE_PASSWORD_FILE" in done.stderr


def test_a_database_that_comes_late_is_waited_for(
    unmigrated: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = unmigrated.url.database
    admin = create_engine(unmigrated.url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def rename(old: str | None, new: str | None) -> None:
        with admin.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {old} RENAME TO {new}"))

    def come_late() -> None:
        time.sleep(1)
        rename("late", name)

    monkeypatch.setenv(
        "ANALYTICS_DATABASE_URL", unmigrated.url.render_as_string(hide_password=False)
    )
    rename(name, "late")
    thread = threading.Thread(target=come_late)
    thread.start()
    assert main(["--wait", "20"]) == 0
    thread.join()
    admin.dispose()
    assert "does not exist (0 of 20 seconds)" in capsys.readouterr().out
    assert revision(unmigrated) == schema.head()
