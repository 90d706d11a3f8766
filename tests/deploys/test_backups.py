"""Backups by the real restic of a real PostgreSQL: made, proven, kept; and what is in the way."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.deploys.backup_lab import PROGRAM, SPOOL, STATE, Lab
from tests.deploys.debian_lab import wait

SEGMENTS = f"{SPOOL}/carried"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A host with ten events in its database."""
    folder = tmp_path_factory.mktemp("backups")
    made = Lab(folder / "host", folder / "elsewhere")
    made.start()
    try:
        made.take(range(10))
        made.work()
        yield made
    finally:
        made.stop()


def test_a_backup_is_made_and_proven(lab: Lab) -> None:
    assert lab.status()["backup"]["state"] == "error", "There is none yet."
    assert "10 events" in lab.right("backup")
    assert "10 events" in lab.right("prove")
    status = lab.status()
    assert {name: status[name]["state"] for name in ("backup", "events since", "restore")} == {
        "backup": "ok",
        "events since": "ok",
        "restore": "ok",
    }
    assert status["key"]["type"] == "make backup-key-is-safe"
    lab.right("key-is-safe")
    assert lab.status()["code"] == 0
    assert "10 events" in lab.right("list")


def test_what_is_in_a_backup_goes_away_only_then(lab: Lab) -> None:
    lab.right("backup")
    assert lab.segments(SEGMENTS) == []
    lab.take(range(10, 20))
    lab.work()
    assert lab.segments(SEGMENTS)
    lab.right("spool")
    assert lab.segments(SEGMENTS), "The database in the repository does not have them yet."
    lab.right("backup")
    assert lab.segments(SEGMENTS) == []


def snapshots(lab: Lab) -> int:
    options = "RESTIC_PASSWORD_FILE=/etc/freehold/backup/key restic -r /mnt/backup/repository"
    return int(lab.run("sh", "-c", f"{options} --no-cache -q snapshots | grep -c blog.test").said)


@pytest.mark.slow
def test_what_the_policy_does_not_keep_goes(lab: Lab) -> None:
    for _ in range(2):
        lab.right("backup")
        lab.right("spool")
    lab.right("tidy")
    # All were made in one hour or two; restic keeps the oldest of all as well.
    stamps = [line.split()[0] for line in lab.right("list").splitlines()]
    assert stamps[-1] == lab.remembered("backup")["stamp"]
    assert 2 <= len(stamps) <= 3
    # The database, what is in files, and the last copy of the spool.
    assert snapshots(lab) == 3 * len(stamps)
    lab.right("prove")
    lab.right("check")
    assert "whole" in lab.status()["repository"]["text"]


def test_a_dump_that_fails_is_no_backup(lab: Lab) -> None:
    before, there = lab.remembered("backup"), snapshots(lab)
    lab.run("mv", "/usr/lib/postgresql/17/bin/pg_dump", "/usr/lib/pg_dump")
    # It has written something before it fails.
    lab.write("/usr/lib/postgresql/17/bin/pg_dump", "#!/bin/sh\necho half; exit 1\n", "755")
    try:
        done = lab.program("backup")
    finally:
        lab.run("mv", "/usr/lib/pg_dump", "/usr/lib/postgresql/17/bin/pg_dump")
    assert done.code == 1
    assert "exit status 1" in done.said
    assert (lab.remembered("backup"), snapshots(lab)) == (before, there)
    assert "exit status 1" in lab.status()["backup"]["text"]
    lab.right("backup")


def test_a_backup_that_lacks_a_file_is_none(lab: Lab) -> None:
    """Root can read all but this: the memory of a process, where none is."""
    before, there = lab.remembered("backup"), snapshots(lab)
    program = "/usr/bin/restic"
    lab.run("mv", program, "/usr/bin/restic.real")
    add = 'case "$*" in *letsencrypt*) set -- "$@" /proc/1/mem ;; esac'
    lab.write(program, f'#!/bin/sh\n{add}\nexec /usr/bin/restic.real "$@"\n', "755")
    try:
        done = lab.program("backup")
    finally:
        lab.run("mv", "/usr/bin/restic.real", program)
    assert done.code == 1
    assert "Not all could be read, so it is no backup" in done.said
    assert lab.remembered("backup") == before
    # Of the set there are the database and the spool, and no manifest.
    assert snapshots(lab) == there + 2
    lab.right("backup")


@pytest.mark.slow
def test_a_backup_that_is_cut_off_is_none(lab: Lab) -> None:
    seed = time.time_ns()
    print(f"seed {seed}")
    moments = random.Random(seed)  # noqa: S311 - moments, no secrets
    began = time.monotonic()
    lab.right("backup")
    whole = time.monotonic() - began
    listed = len(lab.right("list").splitlines())
    for _ in range(4):
        process = subprocess.Popen(lab.on_host(PROGRAM, "backup"), process_group=0)
        try:
            process.wait(moments.uniform(0.2, 0.8) * whole)
            listed += 1
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert len(lab.right("list").splitlines()) == listed
    # The locks that they left are nobody's.
    lab.right("backup")
    lab.right("tidy")
    lab.right("prove")
    stamps = len(lab.right("list").splitlines())
    assert snapshots(lab) == 3 * stamps


@pytest.mark.slow
def test_room_making_that_is_cut_off_keeps_nobody_out(lab: Lab) -> None:
    """As by a power cut: a lock that keeps everybody out stays in the repository."""
    for _ in range(3):
        lab.right("backup")
    program, locks = "/usr/bin/restic", "/mnt/backup/repository/locks"
    lab.run("mv", program, f"{program}.real")
    cut = (
        f'case "$*" in *--prune*) {program}.real check >/dev/null & '
        f"until ls {locks}/*; do :; done; kill -9 $! $PPID; exit ;; esac"
    )
    lab.write(program, f'#!/bin/sh\n{cut}\nexec {program}.real "$@"\n', "755")
    try:
        assert lab.program("tidy").code != 0
    finally:
        lab.run("mv", f"{program}.real", program)
    assert lab.run("ls", locks).said
    # As long as nobody has asked how it ended, its number is taken.
    wait(lambda: "restic" not in lab.run("ps", "-eo", "comm").said, 60)
    done = lab.run("env", "FREEHOLD_PATIENCE=1s", PROGRAM, "backup")
    assert done.code == 0, done.said
    lab.right("tidy")


def test_a_run_that_was_cut_off_before_there_was_a_repository(lab: Lab) -> None:
    lab.write(f"{STATE}/runs/1", "")
    lab.describe("/mnt/backup/made later")
    try:
        lab.right("backup")
    finally:
        lab.describe()
    assert lab.run("ls", f"{STATE}/runs").said == ""
    lab.right("backup")


def test_a_lock_of_another_host_of_this_name_stays(lab: Lab) -> None:
    """Its process can't be seen from here, as that of the old droplet beside a rebuild."""
    key, repository = "RESTIC_PASSWORD_FILE=/etc/freehold/backup/key", "/mnt/backup/repository"
    # A number that no process has here.
    number = "echo 31000 >/proc/sys/kernel/ns_last_pid"
    hold = f"{number}; {key} restic -r {repository} --no-cache backup --stdin; :"
    elsewhere = ("unshare", "--pid", "--fork", "--kill-child")
    holder = subprocess.Popen(
        lab.on_host(*elsewhere, "sh", "-c", hold), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        wait(lambda: bool(lab.run("ls", f"{repository}/locks").said))
        before = lab.run("ls", f"{repository}/locks").said
        lab.right("backup")
        lab.run("env", "FREEHOLD_PATIENCE=1s", PROGRAM, "tidy")
        assert before in lab.run("ls", f"{repository}/locks").said
    finally:
        holder.kill()
        holder.communicate()
        lab.run("env", "FREEHOLD_PATIENCE=1s", PROGRAM, "unlock")


def test_a_backup_that_differs_is_not_proven(lab: Lab) -> None:
    """As if a row had got lost on its way: the manifest says one more."""
    lab.run("cp", "-a", "/mnt/backup/repository", "/mnt/backup/good")
    counting = "/usr/local/lib/freehold/freehold_backup/backup.py"
    text = lab.run("cat", counting).said
    lab.write(counting, text.replace('"rows": counted.rows,', '"rows": {"events": 99},'))
    try:
        lab.right("backup")
        done = lab.program("prove")
    finally:
        lab.write(counting, text)
        lab.run("rm", "-rf", "/mnt/backup/repository")
        lab.run("mv", "/mnt/backup/good", "/mnt/backup/repository")
    assert done.code == 1
    assert "events: 20 and not 99" in done.said
    assert lab.status()["restore"]["state"] == "error"
    assert "freehold_proof" not in lab.ask("SELECT datname FROM pg_database")
    lab.right("backup")
    lab.right("prove")
    assert lab.status()["restore"]["state"] == "ok"


PROVE = "/usr/local/lib/freehold/freehold_backup/prove.py"


def test_what_a_proof_left_that_was_cut_off_takes_no_room_from_the_next(lab: Lab) -> None:
    """As by a power cut: its database stays, and with it there is too little disk."""
    lab.right("backup")
    lab.ask("CREATE DATABASE freehold_proof")
    text, free = lab.run("cat", PROVE).said, "shutil.disk_usage(config.docker).free"
    assert text.count(free) == 1
    lab.write(PROVE, text.replace(free, "(0 if database.exists(SCRATCH) else 1 << 40)"))
    try:
        lab.right("prove")
    finally:
        lab.write(PROVE, text)
    assert "freehold_proof" not in lab.ask("SELECT datname FROM pg_database")


RUNNING = "/var/lib/postgresql/lab/postmaster.pid"
CUT_OFF = "/var/lib/postgresql/cut-off"


@pytest.mark.slow
@pytest.mark.parametrize(("command", "program"), [("prove", "pg_restore"), ("backup", "pg_dump")])
def test_who_is_cut_off_by_a_new_database_begins_anew(lab: Lab, command: str, program: str) -> None:
    """As by the weekly rebuild: another one takes its place while it is read, or loaded."""
    lab.right("backup")
    place = f"/usr/lib/postgresql/17/bin/{program}"
    lab.run("mv", place, f"{place}.real")
    # The next one may be there before it has looked again.
    gone = f'until ! grep -qsx "$pid" {RUNNING} || [ $((tries += 1)) -gt 600 ]; do sleep 0.1; done'
    stop = f"read -r pid <{RUNNING}; kill -INT $pid; {gone}"
    once = f"if mkdir {CUT_OFF}; then {stop}; exit 1; fi"
    lab.write(place, f'#!/bin/sh\n{once}\nexec {place}.real "$@"\n', "755")
    try:
        process = subprocess.Popen(
            lab.on_host(PROGRAM, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        wait(lambda: lab.run("test", "-d", CUT_OFF).code == 0, 60)
        wait(lambda: lab.run("test", "-e", RUNNING).code == 1)
        lab.start_database()
        said, _ = process.communicate(timeout=120)
    finally:
        lab.run("mv", f"{place}.real", place)
        lab.run("rmdir", CUT_OFF)
    assert process.returncode == 0, said
    assert b"stopped or replaced meanwhile" in said
    assert b"begins anew" in said
    rows = [row for row in lab.status().values() if isinstance(row, dict)]
    assert not [row for row in rows if row["state"] == "error"]
    assert "freehold_proof" not in lab.ask("SELECT datname FROM pg_database")


def test_two_are_never_at_work_at_once(lab: Lab) -> None:
    # It holds the lock until its input ends.
    lock = f"{STATE}/copies"
    holder = subprocess.Popen(lab.on_host("flock", lock, "cat"), stdin=subprocess.PIPE)
    try:
        held = ("flock", "--nonblock", lock, "true")
        wait(lambda: lab.run(*held).code != 0)
        assert "left out" in lab.right("spool")
    finally:
        holder.communicate()


# ---- what is in the way: told in words, before anything is touched ----


def refused(lab: Lab, *words: str) -> None:
    """A backup and a restore are refused with these words; the host is as before."""
    before = lab.counted(), lab.run("readlink", "/srv/www/current").said
    for command in (("backup",), ("restore", "latest"), ("prove",)):
        done = lab.program(*command)
        assert done.code == 1, done.said
        assert "Traceback" not in done.said
        for word in words:
            assert word in done.said, (command, done.said)
    assert (lab.counted(), lab.run("readlink", "/srv/www/current").said) == before
    assert lab.run("test", "-e", f"{SPOOL}/restoring").code == 1
    assert lab.status()["code"] == 2


@pytest.fixture
def copied(lab: Lab) -> Iterator[str]:
    """A copy of the repository, which may be spoilt; the host uses it."""
    place = "/mnt/backup/copy"
    lab.run("rm", "-rf", place, "/var/cache/freehold-backup")
    lab.run("cp", "-a", "/mnt/backup/repository", place)
    lab.run("chmod", "-R", "u+w", place)
    lab.describe(place)
    yield place
    lab.run("rm", "-rf", place, "/var/cache/freehold-backup")
    lab.describe()
    lab.right("ready")


@pytest.mark.usefixtures("copied")
def test_a_wrong_key(lab: Lab) -> None:
    lab.write("/etc/freehold/backup/key", "another key\n")
    try:
        refused(lab, "The key does not open /mnt/backup/copy")
    finally:
        lab.write("/etc/freehold/backup/key", "the key of the lab\n")


def test_a_repository_that_was_emptied(lab: Lab, copied: str) -> None:
    lab.right("ready")
    lab.run("sh", "-c", f"rm -rf {copied}/*")
    refused(lab, "There is no repository in /mnt/backup/copy")
    assert "It held backups of this host before" in lab.program("backup").said
    lab.right("begin-anew")
    lab.right("backup")
    lab.right("key-is-safe")


def test_a_repository_without_a_backup_of_this_site(lab: Lab, copied: str) -> None:
    lab.describe(copied, domain="other.test")
    done = lab.program("restore", "latest")
    assert done.code == 1
    assert "no backup of other.test" in done.said
    assert "There are backups of blog.test" in done.said


@pytest.mark.parametrize("part", ["config", "keys", "index", "snapshots", "data"])
def test_a_damaged_repository(lab: Lab, copied: str, part: str) -> None:
    spoil = 'find "$1" -type f | while read -r one; do echo spoilt >"$one"; done'
    lab.run("sh", "-c", spoil, "spoil", f"{copied}/{part}")
    before = lab.counted()
    for command in (("restore", "latest"), ("prove",)):
        done = lab.program(*command)
        assert done.code == 1, done.said
        assert "Traceback" not in done.said
        assert copied in done.said, done.said
    assert lab.counted() == before
    untouched(lab)


@pytest.mark.slow
def test_a_dump_that_is_damaged(lab: Lab, copied: str) -> None:
    """All else can be read: what is in the way shows only when the database is loaded."""
    lab.run("sh", "-c", f"rm -rf {copied}/*")
    lab.right("begin-anew")
    lab.right("backup")
    lab.run("docker", "start", "worker")
    packs = lab.run("find", f"{copied}/data", "-type", "f", "-printf", "%s %p\\n").said
    # Site and certificates are less.
    dump = max(packs.splitlines(), key=lambda one: int(one.split()[0])).split(maxsplit=1)[1]
    lab.run("sh", "-c", f"printf spoilt | dd of={dump} bs=1 seek=500 conv=notrunc")
    try:
        done = lab.program("restore")
        assert done.code == 1
        assert "is damaged" in done.said, done.said
        untouched(lab)
        assert lab.run("sh", "-c", "kill -0 $(cat /run/worker.pid)").code == 0
        assert "analytics_restored" not in lab.ask("SELECT datname FROM pg_database")
        # A new host reads it through before, too.
        assert "is damaged" in lab.program("begin", "latest").said
        untouched(lab)
    finally:
        lab.run("docker", "stop", "worker")
        lab.right("key-is-safe")


def untouched(lab: Lab) -> None:
    assert lab.run("test", "-e", f"{SPOOL}/restoring").code == 1
    assert lab.run("test", "-e", f"{STATE}/restoring.json").code == 1


@pytest.mark.slow
def test_a_repository_that_somebody_holds(lab: Lab, copied: str) -> None:
    key = "RESTIC_PASSWORD_FILE=/etc/freehold/backup/key"
    hold = f"{key} exec restic -r {copied} --no-cache backup --stdin"
    holder = subprocess.Popen(
        lab.on_host("sh", "-c", hold), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        wait(lambda: bool(lab.run("ls", f"{copied}/locks").said))
        # What it holds keeps out who frees room, and nobody else.
        lab.right("backup")
        lab.right("spool")
        done = lab.run("env", "FREEHOLD_PATIENCE=1s", PROGRAM, "check")
        assert done.code == 1
        assert "is locked by PID" in done.said
        assert "freehold-backup unlock" in done.said
    finally:
        holder.kill()
        holder.communicate()
    # Whose it was, nobody but the owner knows within half an hour.
    lab.right("unlock")
    lab.right("check")


def test_places_that_are_not_reached(lab: Lab) -> None:
    lab.right("backup")
    lab.describe("rest:http://127.0.0.1:1/x")
    try:
        for command in ("spool", "prove"):
            done = lab.run("env", "FREEHOLD_ANSWER=3", PROGRAM, command)
            assert done.code == 1, done.said
            assert "is not reached" in done.said
            assert "connection refused" in done.said
        assert lab.status()["reached"]["state"] == "warning"
    finally:
        lab.describe()
    lab.right("spool")
    assert lab.status()["reached"]["state"] == "ok"


def test_too_little_disk(lab: Lab) -> None:
    lab.run("mount", "-t", "tmpfs", "-o", "size=50m", "tmpfs", "/var/lib/docker")
    try:
        for command in (("restore", "latest"), ("prove",)):
            done = lab.program(*command)
            assert done.code == 1
            assert "MB of disk are left" in done.said
    finally:
        lab.run("umount", "/var/lib/docker")
    assert lab.run("test", "-e", f"{SPOOL}/restoring").code == 1
