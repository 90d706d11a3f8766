"""Tokens that send events: made by the owner, kept as hashes, and known without a database."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from analytics.access import credentials, event_tokens, tokens
from analytics.access.event_tokens import EventTokens
from analytics.sites import Site
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

ClientWith = Callable[..., FlaskClient]

BLOG = Site("blog.test", server_senders=True)
SHOP = Site("shop.test", server_senders=True)


def make(engine: Engine, site: str | None = None) -> str:
    with engine.begin() as connection:
        return tokens.create(connection, "backend", site, datetime.now(UTC), sends=True)


def publish(engine: Engine, folder: Path) -> None:
    with engine.begin() as connection:
        event_tokens.publish(connection, folder)


@pytest.fixture
def sending(client_with: ClientWith) -> Iterator[Flask]:
    """The service with a blog that lets servers send."""
    application = client_with(server_senders=True).application
    yield application
    for path in application.extensions["settings"].spool.glob("event-tokens*"):
        path.unlink()


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


def test_a_token_is_known_when_it_is_published_and_no_longer_when_it_is_revoked(
    engine: Engine, tmp_path: Path
) -> None:
    known = EventTokens(tmp_path)
    secret = make(engine)
    assert known.find(secret) is None, "there is no file yet"
    publish(engine, tmp_path)
    assert known.find(secret)
    assert known.find(secret + "x") is None
    assert known.find("\ud800\0") is None
    with engine.begin() as connection:
        tokens.revoke(connection, 1)
    publish(engine, tmp_path)
    assert known.find(secret) is None


@pytest.mark.parametrize(
    ("of", "site", "reached"),
    [
        ("blog.test", BLOG, True),
        ("blog.test", SHOP, False),
        (None, SHOP, True),
        (None, Site("blog.test"), False),
        ("blog.test", Site("blog.test"), False),
    ],
)
def test_a_token_reaches_its_sites_if_they_want_senders(
    engine: Engine, tmp_path: Path, of: str | None, site: Site, reached: bool
) -> None:
    secret = make(engine, of)
    publish(engine, tmp_path)
    found = EventTokens(tmp_path).find(secret)
    assert found
    assert found.reaches(site) is reached


def test_neither_file_nor_database_has_the_secret_and_only_the_service_reads_the_file(
    engine: Engine, tmp_path: Path
) -> None:
    secret = make(engine)
    publish(engine, tmp_path)
    (path,) = tmp_path.iterdir()
    assert secret not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    with engine.connect() as connection:
        assert secret not in str(connection.execute(text("SELECT t::text FROM tokens t")).all())


def test_who_sends_may_not_read_and_who_reads_may_not_send(engine: Engine, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    sender = make(engine)
    with engine.begin() as connection:
        reader = tokens.create(connection, "reader", None, now)
        assert tokens.find(connection, sender, now) is None
        assert tokens.find(connection, reader, now)
        # As a release before scopes looks a token up, which may be brought back.
        query = text("SELECT count(*) FROM tokens WHERE digest = :digest")
        assert connection.scalar(query, {"digest": credentials.digest(sender)}) == 0
    publish(engine, tmp_path)
    assert EventTokens(tmp_path).find(reader) is None


def test_an_older_release_s_tokens_read(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO tokens (digest, name, created) VALUES (:digest, 'old', now())"),
            {"digest": credentials.digest("freehold_old")},
        )
        assert tokens.find(connection, "freehold_old", datetime.now(UTC))


def test_a_file_that_is_as_it_should_be_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    make(engine)
    publish(engine, tmp_path)
    (path,) = tmp_path.iterdir()
    before = path.stat()
    publish(engine, tmp_path)
    assert path.stat() == before


@pytest.mark.parametrize("content", ["", "{", "[1]", "7", '{"a": 1'])
def test_a_damaged_file_is_an_error_until_it_is_written_anew(
    engine: Engine, tmp_path: Path, content: str
) -> None:
    secret = make(engine)
    (tmp_path / "event-tokens.json").write_text(content)
    (tmp_path / "event-tokens.new").write_text("left by a process that was killed")
    known = EventTokens(tmp_path)
    with pytest.raises(OSError, match="damaged"):
        known.find(secret)
    publish(engine, tmp_path)
    assert known.find(secret)


def test_a_late_writer_brings_no_revoked_token_back(engine: Engine, tmp_path: Path) -> None:
    secret = make(engine)
    publish(engine, tmp_path)
    with engine.begin() as slow:
        # Holds the lock, as if it were writing what it has read before the token was revoked.
        event_tokens.publish(slow, tmp_path)
        with engine.begin() as connection:
            tokens.revoke(connection, 1)
        other = threading.Thread(target=publish, args=(engine, tmp_path))
        other.start()
        other.join(0.2)
        assert other.is_alive(), "it waits"
    other.join(5)
    assert EventTokens(tmp_path).find(secret) is None


def test_the_commands_make_a_token_that_is_valid_at_once_and_revoke_it_at_once(
    sending: Flask,
) -> None:
    known: EventTokens = sending.extensions["event_tokens"]
    made = run(sending, "token", "create", "--events", "--site", "blog.test", "backend")
    secret = made.stdout.strip()
    assert re.fullmatch(r"freehold_events_[\w-]{43}", secret)
    assert known.find(secret)
    listed = run(sending, "token", "list").output.splitlines()
    assert re.split(" {2,}", listed[1])[1:4] == ["backend", "blog.test", "send events"]
    assert listed[1].endswith("not kept")
    assert run(sending, "token", "revoke", "1").output == "Revoked: 1.\n"
    assert known.find(secret) is None


def test_a_token_that_no_site_wants_is_not_made(sending: Flask, app: Flask) -> None:
    for service, arguments in ((app, []), (sending, ["--site", "shop.test"])):
        refused = run(service, "token", "create", "--events", *arguments, "backend")
        assert refused.exit_code == 1
        assert "server_senders = True" in refused.output
        assert len(refused.output.splitlines()) == 1
    assert run(app, "token", "list").output.endswith("To make one: make token NAME=phone\n")


def test_where_the_spool_is_out_of_reach_the_worker_is_waited_for(
    sending: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(event_tokens, "publish", refuse)
    made = run(sending, "token", "create", "--events", "backend")
    assert made.exit_code == 0
    assert made.stdout.startswith("freehold_events_")
    assert "within half a minute" in made.stderr
