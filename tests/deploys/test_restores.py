"""A backup restored, on a new host and on a living one: every promised event is there once."""

import os
import random
import signal
import subprocess
import time

import pytest

from tests.deploys.backup_hosts import CARRIED, NewHost, go_on, new_host, restored, writing
from tests.deploys.backup_lab import PROGRAM, SPOOL, STATE, Lab
from tests.deploys.debian_lab import wait

__all__ = ["new_host"]

RELEASE = "20261101T000000Z-aaaaaaaaaaaa"


def certificate(lab: Lab, days: int) -> str:
    """What certbot would have got; its serial."""
    folder = "/etc/letsencrypt/live/freehold"
    made = lab.run(
        *("sh", "-euc"),
        f"mkdir -p {folder}; openssl req -x509 -noenc -days {days} -newkey ec"
        f" -pkeyopt ec_paramgen_curve:P-256 -subj /CN=blog.test -keyout {folder}/privkey.pem"
        f" -out {folder}/cert.pem 2>/dev/null; openssl x509 -noout -serial -in {folder}/cert.pem",
    )
    assert made.code == 0, made.said
    return made.said


def test_a_new_host_is_the_old_one_again(new_host: NewHost) -> None:
    old = new_host()
    old.take(range(10))
    old.work()
    serial = certificate(old, 60)
    old.right("backup")
    # Stored after the dump; stored in part; not stored at all.
    old.take(range(10, 20))
    old.work()
    assert old.segments(CARRIED), "kept, for no backup has it"
    with writing(old, *range(20, 25), "-", *range(25, 30), "-") as webapp:
        old.run("docker", "start", "worker")
        wait(lambda: len(old.counted()) == 25, 60)
        old.run("docker", "stop", "worker")
        go_on(webapp)
        old.take(range(30, 40))
        old.right("spool")
    assert old.counted() == list(range(25))
    old.stop()

    new = new_host()
    new.run("rm", "-rf", "/etc/letsencrypt", "/srv/www")
    restored(new)
    assert new.counted() == list(range(40))
    assert RELEASE in new.run("readlink", "/srv/www/current").said
    # By nginx's workers, too.
    nobody = ("setpriv", "--reuid", "65534", "--clear-groups")
    assert new.run(*nobody, "cat", "/srv/www/current/index.html").said == "<h1>Hello</h1>"
    asked = ("openssl", "x509", "-noout", "-serial", "-in")
    assert new.run(*asked, "/etc/letsencrypt/live/freehold/cert.pem").said == serial
    account = "/etc/letsencrypt/accounts/acme.test/directory/0123/private_key.json"
    assert new.run("cat", account).said == "account"
    assert new.ask("SELECT sum(page_views) FROM daily WHERE dimension = 1") == ["40"]
    # It goes on from there.
    new.take(range(40, 45))
    new.work()
    new.right("backup")
    assert new.counted() == list(range(45))
    assert "45 events" in new.right("list")


@pytest.mark.slow
def test_a_new_host_begins_with_the_newest_if_there_is_one(new_host: NewHost) -> None:
    first = new_host()
    assert "holds no backup" in first.right("begin", "any")
    first.right("finish")
    assert first.program("wanted").code == 0
    assert first.run("test", "-e", f"{SPOOL}/restoring").code == 1
    first.take(range(10))
    first.work()
    first.right("backup")
    first.stop()

    second = new_host()
    # What can't be read is not taken for a place that is empty.
    second.write("/etc/freehold/backup/key", "another key\n")
    refused = second.program("begin", "any")
    assert refused.code == 1
    assert "The key does not open" in refused.said
    second.write("/etc/freehold/backup/key", "the key of the lab\n")
    # As a cut right after its volume was made leaves it.
    second.run("chmod", "755", SPOOL)
    second.right("begin", "any")
    assert second.run("test", "-e", f"{SPOOL}/restoring").code == 0
    assert second.run("stat", "--format", "%a %u %g", SPOOL).said.split() == [
        "700",
        "10001",
        "10001",
    ]
    # Cut off here, and typed again.
    second.right("begin", "any")
    second.right("finish")
    assert second.counted() == list(range(10))
    assert second.program("wanted").code == 1


BACKUP = "/usr/local/lib/freehold/freehold_backup/backup.py"


@pytest.mark.slow
@pytest.mark.parametrize(
    "dies_before",
    [
        "        with hold(config, COPIES):\n            memory.store(",
        "        _store_files(",
    ],
    ids=["it is remembered", "its manifest"],
)
def test_a_backup_that_dies_late_loses_no_event(new_host: NewHost, dies_before: str) -> None:
    """Whole in the repository or nearly so, and its host knows of the one before alone."""
    old = new_host()
    old.take(range(10))
    old.work()
    old.right("backup")
    old.take(range(10, 20))
    old.work()
    text = old.run("cat", BACKUP).said
    assert text.count(dies_before) == 1
    old.write(BACKUP, text.replace(dies_before, f"        raise SystemExit(9)\n{dies_before}"))
    if "_store_files" in dies_before:
        old.right("spool")
        old.take(range(20, 30))
        assert old.program("backup").code == 9
    else:
        assert old.program("backup").code == 9
        old.take(range(20, 25))
        old.work()
        old.take(range(25, 30))
        old.right("spool")
    old.stop()
    new = new_host()
    restored(new)
    assert new.counted() == list(range(30))


@pytest.mark.parametrize("ends", [pytest.param(True, marks=pytest.mark.slow), False])
def test_events_are_copied_while_a_dump_takes_long(new_host: NewHost, ends: bool) -> None:
    """Or more than five minutes of them would die with a large database's machine."""
    old = new_host()
    old.take(range(10))
    old.work()
    old.right("backup")
    place, begun, go = "/usr/lib/postgresql/17/bin/pg_dump", "/var/lib/postgresql/begun", "/tmp/go"  # noqa: S108 - of the lab
    old.run("mv", place, f"{place}.real")
    wait_for_go = f"touch {begun}; until [ -e {go} ]; do sleep 0.1; done"
    old.write(place, f'#!/bin/sh\n{wait_for_go}\nexec {place}.real "$@"\n', "755")
    process = subprocess.Popen(old.on_host(PROGRAM, "backup"), process_group=0)
    wait(lambda: old.run("test", "-e", begun).code == 0, 60)
    # In the dump or not, it began before them.
    old.take(range(10, 20))
    old.work()
    old.take(range(20, 30))
    assert "left out" not in old.right("spool")
    if ends:
        old.take(range(30, 40))
        old.run("touch", go)
        assert process.wait(60) == 0
        # The copy that goes with it is not that of before, whose time is near.
        old.right("prove")
    else:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    old.stop()
    new = new_host()
    restored(new)
    assert new.counted() == list(range(40 if ends else 30))


@pytest.mark.slow
def test_a_clock_that_was_a_day_ahead(new_host: NewHost) -> None:
    old = new_host()
    old.take(range(10))
    old.work()
    text = old.run("cat", BACKUP).said
    ahead = "datetime.fromtimestamp(time.time() + 86400, UTC)"
    old.write(BACKUP, text.replace("datetime.now(UTC)", ahead))
    old.right("backup")
    old.right("spool")
    old.write(BACKUP, text)
    old.take(range(10, 20))
    old.work()
    old.right("backup")
    old.take(range(20, 30))
    old.right("spool")
    assert old.status()["backup"]["text"].startswith("0 minutes ago, 20 events")
    old.stop()
    # It remembers nothing of the other one's clock.
    new = new_host()
    restored(new)
    assert new.counted() == list(range(30))
    new.right("backup")
    assert "30 events" in new.right("list").splitlines()[-1]


@pytest.mark.slow
def test_the_dump_has_a_part_of_a_segment(new_host: NewHost) -> None:
    old = new_host()
    with writing(old, *range(7), "-", *range(7, 20), "-") as webapp:
        old.run("docker", "start", "worker")
        wait(lambda: len(old.counted()) == 7, 60)
        old.right("backup")
        go_on(webapp)
        wait(lambda: len(old.counted()) == 20, 60)
        old.right("spool")
    old.stop()
    new = new_host()
    restored(new)
    assert new.counted() == list(range(20))


@pytest.mark.slow
def test_a_living_host_goes_back_and_loses_nothing_that_came_since(new_host: NewHost) -> None:
    lab = new_host()
    lab.take(range(10))
    lab.work()
    kept_serial = certificate(lab, 30)
    lab.right("backup")
    first = lab.remembered("backup")["stamp"]
    newer = certificate(lab, 90)
    assert newer != kept_serial
    lab.take(range(10, 20))
    lab.work()
    lab.take(range(20, 25))
    lab.ask("DELETE FROM events")
    assert first in lab.right("plan")
    lab.right("restore")
    wait(lambda: not lab.segments(), 60)
    lab.run("docker", "stop", "worker")
    assert lab.counted() == list(range(25))
    asked = ("openssl", "x509", "-noout", "-serial", "-in")
    assert lab.run(*asked, "/etc/letsencrypt/live/freehold/cert.pem").said == newer, "younger"
    (replaced,) = [name for name in lab.ask("SELECT datname FROM pg_database") if "before" in name]
    assert lab.counted(replaced) == [], "kept as it was"
    # It was backed up at once. An older one, after it: what went into the database of before stays
    # with that.
    assert len(lab.right("list").splitlines()) == 2
    lab.take(range(25, 30))
    lab.work()
    lab.right("restore", first)
    lab.run("docker", "stop", "worker")
    assert lab.counted() == list(range(10))
    kept = ("sh", "-c", f"ls -d {STATE}/carried_before_*")
    assert lab.run(*kept).code == 0
    lab.right("drop-replaced")
    assert not [name for name in lab.ask("SELECT datname FROM pg_database") if "before" in name]
    assert lab.run(*kept).code != 0


LETS_IN = """
INSERT INTO sessions (digest, created, expires, last_used, browser)
VALUES ('a', now(), now() + interval '30 days', current_date, 'Firefox on GNU/Linux');
INSERT INTO login_links (digest, expires) VALUES ('b', now() + interval '10 minutes');
INSERT INTO tokens (digest, name, created) VALUES ('c', 'stolen phone', now());
INSERT INTO tokens (digest, name, site, created, scope)
VALUES ('d', 'shop', 'blog.test', now(), 'events');
"""


@pytest.mark.slow
def test_who_was_put_out_since_is_not_let_in_unnoticed(new_host: NewHost) -> None:
    lab = new_host()
    lab.take(range(10))
    lab.work()
    lab.ask(LETS_IN)
    lab.right("backup")
    lab.ask("DELETE FROM sessions; DELETE FROM login_links; DELETE FROM tokens")
    said = lab.right("restore")
    lab.run("docker", "stop", "worker")
    assert lab.counted() == list(range(10))
    for table in ("sessions", "login_links"):
        assert lab.ask(f"SELECT count(*) FROM {table}") == ["0"]
    assert "signed out" in said
    assert "  1  stolen phone (all sites, reads)\n  2  shop (blog.test, sends events)\n" in said
    assert "token revoke ID" in said


@pytest.mark.slow
def test_a_restore_is_given_up(new_host: NewHost) -> None:
    lab = new_host()
    lab.take(range(10))
    lab.work()
    lab.right("backup")
    lab.take(range(10, 20))
    lab.work()
    assert "no restore" in lab.program("abandon").said
    lab.right("begin", "latest")
    # The repository is gone, and nothing would end it.
    lab.describe("/mnt/backup/elsewhere")
    assert lab.program("restore").code == 1
    assert "abandon" in lab.program("backup").said
    lab.take(range(20, 30))
    lab.run("docker", "start", "worker")
    assert lab.segments(), "nothing is counted"
    lab.run("docker", "stop", "worker")
    assert "given up" in lab.right("abandon")
    wait(lambda: not lab.segments(), 60)
    lab.run("docker", "stop", "worker")
    assert lab.counted() == list(range(30))
    assert "restoring" not in lab.status()
    lab.describe()
    lab.right("backup")
    assert "30 events" in lab.right("list")


RESTORE = "/usr/local/lib/freehold/freehold_backup/restore.py"


@pytest.mark.slow
def test_a_restore_that_is_cut_off_while_it_loads_leaves_its_room_free(new_host: NewHost) -> None:
    lab = new_host()
    lab.take(range(10))
    lab.work()
    lab.right("backup")
    text, loading = lab.run("cat", RESTORE).said, "        database.load(dump, LOADED)\n"
    assert text.count(loading) == 1

    def cut_off(how: str) -> bool:
        """Whether it left what it had loaded."""
        lab.write(RESTORE, text.replace(loading, f"{loading}        {how}\n"))
        assert lab.program("restore").code == 9
        lab.write(RESTORE, text)
        return left()

    def left() -> bool:
        return "analytics_restored" in lab.ask("SELECT datname FROM pg_database")

    assert not cut_off("raise SystemExit(9)")
    for command in ("plan", "drop-replaced"):
        assert cut_off("__import__('os')._exit(9)")
        lab.right(command)
        assert not left()
    assert lab.program("begin", "20261101T000000Z").code == 1
    assert cut_off("__import__('os')._exit(9)")
    assert lab.program("begin", "20261101T000000Z").code == 1
    assert not left()


def cut_off_after_the_switch(lab: Lab) -> None:
    text, switched = lab.run("cat", RESTORE).said, "            database.switch(LOADED, old)\n"
    assert text.count(switched) == 1
    lab.write(RESTORE, text.replace(switched, f"{switched}            raise SystemExit(9)\n"))
    assert lab.program("finish").code == 9
    lab.write(RESTORE, text)


@pytest.mark.slow
def test_a_restore_whose_backup_was_tidied_away_meanwhile_begins_anew(new_host: NewHost) -> None:
    """The old host lives on, as it does during a rebuild."""
    old = new_host()
    old.take(range(10))
    old.work()
    old.right("backup")
    old.take(range(10, 15))
    old.right("spool")
    new = new_host()
    new.right("begin", "latest")
    old.take(range(15, 20))
    old.right("spool")
    # The new one can go on, for the copy that it began with is there still.
    assert "goes on" in new.right("begin", "latest")
    old.right("tidy")
    assert "10 events" in new.right("plan")
    assert "begins anew" in new.right("begin", "any")
    # Once it has switched it needs nothing of it any more.
    cut_off_after_the_switch(new)
    old.right("spool")
    old.right("tidy")
    assert "goes on" in new.right("begin", "latest")
    new.right("finish")
    wait(lambda: not new.segments(), 60)
    new.run("docker", "stop", "worker")
    assert new.counted() == list(range(20))


@pytest.mark.slow
def test_a_restore_is_given_up_whatever_is_left_of_it(new_host: NewHost) -> None:
    lab = new_host()
    lab.take(range(10))
    lab.work()
    lab.right("backup")

    def given_up() -> None:
        assert "given up" in lab.right("abandon")
        lab.run("docker", "stop", "worker")
        assert lab.run("test", "-e", f"{SPOOL}/restoring").code == 1
        assert "restoring" not in lab.status()
        assert "analytics_restored" not in lab.ask("SELECT datname FROM pg_database")

    # The repository was taken out of the settings.
    lab.right("begin", "latest")
    lab.describe("")
    assert "abandon" in lab.status()["restoring"]["type"]
    assert "Nothing is backed up here" in lab.program("finish").said
    given_up()
    lab.describe()
    # It was begun by another version.
    lab.right("begin", "latest")
    lab.write(f"{STATE}/restoring.json", '{"stamp": "20261101T000000Z", "by": "another version"}')
    lab.ask("CREATE DATABASE analytics_restored")
    given_up()
    # It was cut off before its last line, and the repository taken out.
    lab.right("begin", "latest")
    cut_off_after_the_switch(lab)
    lab.describe("")
    assert "freehold-backup finish" in lab.program("abandon").said
    lab.right("finish")
    assert "restoring" not in lab.status()
    lab.describe()
    # It was cut off before there was a spool.
    lab.right("begin", "latest")
    lab.run("docker", "stop", "worker")
    lab.run("rm", "-r", SPOOL)
    given_up()


@pytest.mark.slow
def test_a_restore_that_is_cut_off_goes_on(new_host: NewHost) -> None:
    seed = time.time_ns()
    print(f"seed {seed}")
    moments = random.Random(seed)  # noqa: S311 - moments, no secrets
    old = new_host()
    old.take(range(50))
    old.work()
    old.right("backup")
    old.take(range(50, 60))
    old.work()
    old.take(range(60, 70))
    old.right("spool")
    began = time.monotonic()
    old.right("prove")
    whole = time.monotonic() - began
    old.stop()
    new = new_host()
    new.program("begin", "latest")
    for _ in range(8):
        process = subprocess.Popen(new.on_host(PROGRAM, "restore"), process_group=0)
        try:
            process.wait(moments.uniform(0, 2 * whole))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        else:
            break
        row = new.status().get("restoring")
        if row is None:
            # It came to its end before it was killed, which all below holds it to.
            break
        assert row["type"] == "make restore"
        # A deploy would start it, or a boot; it stands still.
        new.run("docker", "start", "worker")
    if "restoring" in new.status():
        new.program("restore")
    else:
        # It ended in the loop, and another would be of the backup that is made after it. The kill
        # may have met the worker as well.
        new.run("docker", "stop", "worker")
        new.run("docker", "start", "worker")
    wait(lambda: not new.segments(), 60)
    new.run("docker", "stop", "worker")
    assert new.counted() == list(range(70))
    assert "restoring" not in new.status()
    assert new.run("test", "-e", f"{SPOOL}/restoring").code == 1
    assert new.remembered("restored")["events"] == 50
    assert new.run("test", "-e", f"{STATE}/restored").code == 1
