"""A new host takes the place of the old one: what that took since its last backup is there once."""

import json
import subprocess
from types import SimpleNamespace
from typing import cast

import pytest

from commands import handover
from commands.hosts import Host
from tests.deploys.backup_hosts import CARRIED, NewHost, go_on, new_host, restored, writing
from tests.deploys.backup_lab import STATE, Lab
from tests.deploys.debian_lab import Done, wait

__all__ = ["new_host"]


def stamps(lab: Lab) -> dict[str, str]:
    found: dict[str, str] = json.loads(lab.right("stamps"))
    return found


def handed_over(old: Lab, new: Lab, stamp: str) -> Done:
    """What `make rebuild` does, over SSH; the code is that of the first to fail."""
    given = subprocess.run(
        old.on_host("/usr/local/sbin/freehold-backup", "hand-over", stamp),
        capture_output=True,
        check=False,
    )
    taken = subprocess.run(
        new.on_host("/usr/local/sbin/freehold-backup", "take"),
        input=given.stdout,
        capture_output=True,
        check=False,
    )
    said = given.stderr + taken.stdout + taken.stderr
    return Done(given.returncode or taken.returncode, said.decode())


def as_host(lab: Lab) -> Host:
    """As a command of the owner's machine sees it."""
    return cast("Host", SimpleNamespace(ssh=lab.on_host, name="host", address="there"))


def counted(lab: Lab) -> list[int]:
    """The events in the database when nothing waits any more."""
    wait(lambda: not lab.segments(), 60)
    lab.run("docker", "stop", "worker")
    return lab.counted()


@pytest.fixture
def old(new_host: NewHost) -> Lab:
    """A host with a backup of ten events."""
    lab = new_host()
    lab.write("/usr/local/bin/systemctl", '#!/bin/sh\necho "$@" >>/run/systemctl\n', "755")
    lab.take(range(10))
    lab.work()
    lab.right("backup")
    return lab


def test_what_came_since_the_backup_is_counted_once(old: Lab, new_host: NewHost) -> None:
    old.take(range(10, 15))
    with writing(old, *range(15, 20), "-", *range(20, 25), "-") as webapp:
        old.right("spool")
        new = new_host()
        restored(new)
        assert new.counted() == list(range(20))
        # The new host's own timer: what it makes must not have it forget what it has counted.
        new.right("backup")
        new.take(range(100, 105))
        # The old one goes on meanwhile: the same segment, and others.
        go_on(webapp)
        old.take(range(25, 30))
        old.run("docker", "start", "worker")
        wait(lambda: len(old.counted()) == 30, 60)
        old.run("docker", "stop", "worker")
        old.take(range(30, 35))
        for _ in range(2):
            done = handed_over(old, new, stamps(new)["restored"])
            assert done.code == 0, done.said
            assert counted(new) == [*range(35), *range(100, 105)]
    ended = old.run("cat", "/run/systemctl").said
    assert "disable --now" in ended
    assert "freehold-backup.timer freehold-backup-spool.timer" in ended


@pytest.mark.slow
def test_after_another_backup_the_old_one_refuses_until_that_is_restored(
    old: Lab, new_host: NewHost
) -> None:
    new = new_host()
    restored(new)
    old.take(range(10, 20))
    old.work()
    old.right("backup")
    assert not old.segments(CARRIED)
    refused = handed_over(old, new, stamps(new)["restored"])
    assert refused.code == 1
    assert "The last backup of this host is" in refused.said
    assert old.run("test", "-e", "/run/systemctl").code != 0
    assert new.counted() == list(range(10))

    last = stamps(old)["backup"]
    new.right("begin", last)
    new.right("finish")
    assert stamps(new)["restored"] == last
    old.take(range(20, 25))
    done = handed_over(old, new, last)
    assert done.code == 0, done.said
    assert counted(new) == list(range(25))


@pytest.mark.slow
def test_a_backup_that_the_new_one_has_tidied_away_is_made_again(
    old: Lab, new_host: NewHost
) -> None:
    """Of each hour one is kept, whichever of the two it is of."""
    new = new_host()
    restored(new)
    old.take(range(10, 20))
    old.work()
    old.right("backup")
    new.right("backup")
    new.right("tidy")
    handover.carry_over(as_host(old), as_host(new))
    assert counted(new) == list(range(20))


@pytest.mark.slow
def test_what_the_old_one_backed_up_and_forgot_is_not_counted_again(
    old: Lab, new_host: NewHost
) -> None:
    """The new one has it from the copy of the spool that it began with."""
    old.take(range(10, 20))
    old.right("spool")
    new = new_host()
    new.write("/etc/freehold/backup/held", "")
    restored(new)
    assert new.counted() == list(range(20))
    old.work()
    old.right("backup")
    # The worker forgets how far it has read what is gone.
    old.take(range(20, 25))
    old.work(until=lambda: len(old.ask("SELECT segment FROM positions")) == 1)
    old.take(range(25, 30))
    handover.carry_over(as_host(old), as_host(new))
    assert counted(new) == list(range(30))


@pytest.mark.slow
def test_of_an_old_one_that_died_meanwhile_all_is_there_that_it_backed_up(
    old: Lab, new_host: NewHost
) -> None:
    new = new_host()
    restored(new)
    assert new.program("has-newest").code == 0
    old.take(range(10, 20))
    old.right("spool")
    # It was handed over, and then the run was cut off.
    old.take(range(20, 25))
    assert handed_over(old, new, stamps(new)["restored"]).code == 0
    assert counted(new) == list(range(25))
    old.stop()
    assert new.program("has-newest").code == 1
    for _ in range(2):
        handover.catch_up(as_host(new))
        assert new.program("has-newest").code == 0
        assert counted(new) == list(range(25))


@pytest.mark.slow
def test_after_a_day_nothing_is_taken_twice(old: Lab, new_host: NewHost) -> None:
    new = new_host()
    restored(new)
    a_day_ago = "import json,sys;p=sys.argv[1];s=json.load(open(p));s['at']-=90000"
    done = new.run(
        "python3", "-c", f"{a_day_ago};json.dump(s,open(p,'w'))", f"{STATE}/restored.json"
    )
    assert done.code == 0, done.said
    assert stamps(new)["restored"] == ""
    refused = handed_over(old, new, stamps(old)["backup"])
    assert refused.code == 1
    assert "within the last day" in refused.said


@pytest.mark.slow
def test_what_breaks_off_is_not_counted_in_part(old: Lab, new_host: NewHost) -> None:
    new = new_host()
    restored(new)
    old.take(range(10, 200))
    given = subprocess.run(
        old.on_host("/usr/local/sbin/freehold-backup", "hand-over", stamps(old)["backup"]),
        capture_output=True,
        check=True,
    )
    taken = subprocess.run(
        new.on_host("/usr/local/sbin/freehold-backup", "take"),
        input=given.stdout[: len(given.stdout) // 2],
        capture_output=True,
        check=False,
    )
    assert taken.returncode == 1
    assert b"broke off" in taken.stderr
    assert new.counted() == list(range(10))
    assert handed_over(old, new, stamps(old)["backup"]).code == 0
    assert counted(new) == list(range(200))
