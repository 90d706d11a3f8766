"""The host's backup program: what it decides, and what it makes of restic's words."""

import io
import os
import tarfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freehold_backup import (
    access,
    backup,
    database,
    journal,
    outage,
    prove,
    repository,
    restic,
    restore,
    retention,
    sets,
    spool,
    status,
    words,
)
from freehold_backup.alone import PROOF, BusyError, hold
from freehold_backup.config import Config, read
from freehold_backup.sets import Set
from freehold_host import memory
from freehold_host.trouble import Trouble
from tests.unit.settings_lab import NOW

NAMES = [f"{number:020d}-0000000{number}.spool" for number in range(1, 4)]


def config(root: Path, repository: str = "/mnt/backup") -> Config:
    made = Config("blog.test", repository, {"hourly": 2}, 17, root)
    (made.spool / spool.CARRIED).mkdir(parents=True)
    return made


def snapshot(stamp: str, kind: str, time: str = "", **extra: str) -> dict[str, Any]:
    tags = [kind, stamp, *(f"{name}={value}" for name, value in extra.items())]
    return {"id": f"{kind}-{stamp}-{time}", "time": time or stamp, "tags": tags}


# ---- restic's words ----


@pytest.mark.parametrize(
    ("code", "said", "words_of_ours"),
    [
        (12, "Fatal: wrong password or no key found", "The key does not open /mnt"),
        (10, "Fatal: repository does not exist", "There is no repository in /mnt"),
        (
            11,
            "repository is already locked exclusively by PID 7 on blog by root (UID 0, GID 0)\n",
            "is locked by PID 7 on blog",
        ),
        (1, "Fatal: LoadRaw(<key/b91>): invalid data returned", "is damaged (LoadRaw"),
        (1, "Fatal: repository contains errors", "is damaged"),
        (2, "panic: runtime error: slice bounds out of range", "is damaged"),
        (
            1,
            'Stat(<config/>) returned error, retrying after 3.3s: Head "http://a:b@x/config": dial '
            "tcp: connect: connection refused\nFatal: unable to open config file: context canceled",
            'is not reached (Head "http://x/config": dial tcp',
        ),
        (1, "Fatal: write /mnt/x: no space left on device", "is full"),
        (
            1,
            "subprocess ssh: Host key verification failed.\nFatal: unable to start the sftp "
            "session, error: EOF",
            "another host key than backup_host_key",
        ),
        (
            1,
            "subprocess ssh: root@a: Permission denied (publickey).\nFatal: unable to start the "
            "sftp session",
            "does not let this host in",
        ),
        (1, "Stat: The specified bucket does not exist\ntimed out", "The bucket of /mnt does not"),
        (1, "", "it said nothing"),
    ],
)
def test_what_an_error_of_restic_means(code: int, said: str, words_of_ours: str) -> None:
    assert words_of_ours in words.reason(code, said, "/mnt")


def test_who_comes_is_told_by_the_environment(tmp_path: Path) -> None:
    made = config(tmp_path)
    made.secrets.mkdir(parents=True)
    assert "AWS_ACCESS_KEY_ID" not in restic.environment(made)
    (made.secrets / "environment").write_text("# mine\nAWS_ACCESS_KEY_ID=a=b c\n")
    assert restic.environment(made)["AWS_ACCESS_KEY_ID"] == "a=b c"
    assert restic.command(made, "check") == ["restic", "check"]
    _, flag, options, _ = restic.command(config(tmp_path / "other", "sftp:a@b:/c"), "check")
    assert flag == "-o"
    assert "StrictHostKeyChecking=yes" in options


# ---- what is in a repository ----


def test_a_backup_is_whole_with_its_manifest() -> None:
    found = sets.sets_in(
        [
            snapshot("20261126T020000Z", "database"),
            snapshot("20261126T020000Z", "spool"),
            snapshot("20261126T010000Z", "spool", "2"),
            snapshot("20261126T010000Z", "database"),
            snapshot("20261126T010000Z", "files", events="12"),
            snapshot("20261126T010000Z", "spool", "1"),
            {"id": "the owner's", "time": "1", "tags": ["mine"]},
            {"id": "another of the owner's", "time": "1"},
        ]
    )
    assert [(one.stamp[9:11], one.is_whole, one.events) for one in found] == [
        ("01", True, 12),
        ("02", False, 0),
    ]
    assert [time for time, _ in found[0].spools] == ["1", "2"]
    (coming,) = sets.sets_in([snapshot("20261126T020000Z", "spool", since="20261126T010000Z")])
    assert (coming.stamp, coming.since) == ("20261126T020000Z", "20261126T010000Z")


def test_what_goes_and_what_stays() -> None:
    def whole(hour: int) -> Set:
        name = f"{hour:02d}"
        spools = [(str(number), f"spool{name}{number}") for number in range(2)]
        return Set(f"20261126T{name}0000Z", f"database{name}", f"files{name}", 1, spools)

    half = Set("20261126T030000Z", "database03")
    coming = Set("20261126T050000Z", "database05")
    found = [whole(1), whole(2), half, whole(4), coming]
    gone = retention.superfluous(found, {whole(2).stamp})
    # The first is not kept, the third was cut off, and the newest stays in any case.
    assert gone == [
        *("database01", "files01", "spool010", "spool011"),
        "spool020",
        "database03",
        "spool040",
    ]
    assert retention.superfluous([], set()) == []


def test_the_newest_backup_goes_with_the_last_copy_that_has_all_since() -> None:
    def one(hour: int, copied: str, files: str) -> Set:
        stamp = f"20261126T{hour:02d}0000Z"
        made = f"2026-11-26T{hour:02d}:{{}}Z"
        copies = [(made.format(time), f"copy{hour}-{time}") for time in copied.split()]
        return Set(stamp, f"database{hour}", files, spools=copies)

    # The last was cut off before it was remembered, so that the copies have the stamp before it.
    first, second = one(1, "00:00 05:00", "files1"), one(2, "00:00", "files2")
    assert sets.copies([first, second], second) == second.spools
    first.spools.append(("2026-11-26T02:05:00Z", "later"))
    assert sets.copies([first, second], second)[-1][1] == "later"
    assert "later" not in retention.superfluous([first, second], set())
    # One that was cut off before its manifest; after a restore it belongs to another database.
    third = one(3, "00:00", "")
    assert sets.copies([first, second, third], second)[-1][1] == "later"
    third.since = first.stamp
    assert sets.copies([first, second, third], second)[-1][1] == "copy3-00:00"


def test_the_policy_is_restics(tmp_path: Path) -> None:
    made = Config("blog.test", "/mnt", {"hourly": 2, "daily": 0, "monthly": 3}, 17, tmp_path)
    assert retention.policy(made) == ["--keep-hourly", "2", "--keep-monthly", "3"]


# ---- the spool ----


def test_segments_are_written_and_laid_out_again(tmp_path: Path) -> None:
    made, other = config(tmp_path / "one"), config(tmp_path / "other")
    (made.spool / NAMES[1]).write_bytes(b"second")
    (made.spool / spool.CARRIED / NAMES[0]).write_bytes(b"first")
    (made.spool / "damaged").mkdir()
    (made.spool / "event-tokens.json").write_text("{}")
    stream = io.BytesIO()
    spool.write(made, stream)
    stream.seek(0)
    if os.geteuid():
        pytest.skip("only root gives files to the service")
    spool.stage(other, stream)
    # The host has gone on writing since.
    (other.spool / NAMES[1]).write_bytes(b"second and more")
    spool.put_back(other, tmp_path / "aside", newest=True)
    assert spool.names(other.spool) == NAMES[:2]
    assert (other.spool / NAMES[0]).read_bytes() == b"first"
    assert (other.spool / NAMES[1]).read_bytes() == b"second and more"
    assert not (other.spool / spool.STAGE).exists()


@pytest.mark.parametrize("newest", [True, False])
def test_what_was_carried_since_counts_again_or_is_kept(tmp_path: Path, newest: bool) -> None:
    made = config(tmp_path)
    (made.spool / spool.CARRIED / NAMES[0]).write_bytes(b"first")
    spool.put_back(made, tmp_path / "aside", newest=newest)
    assert spool.names(made.spool) == ([NAMES[0]] if newest else [])
    assert spool.names(tmp_path / "aside") == ([] if newest else [NAMES[0]])


def test_only_what_a_dump_has_whole_goes(tmp_path: Path) -> None:
    made = config(tmp_path)
    for name in NAMES:
        (made.spool / spool.CARRIED / name).write_bytes(b"x" * 10)
    spool.trim(made, {NAMES[0]: 10, NAMES[1]: 9})
    assert spool.names(made.spool / spool.CARRIED) == NAMES[1:]


def of_a_stranger(made: Config, tmp_path: Path) -> Path:
    """A spool whose user has put there what is no segment; a secret that it leads to."""
    secret = tmp_path / "secret"
    secret.write_text("the key")
    (made.spool / NAMES[0]).write_bytes(b"first")
    (made.spool / NAMES[1]).symlink_to(secret)
    os.mkfifo(made.spool / NAMES[2])
    (made.spool / spool.CARRIED / NAMES[1]).mkdir()
    return secret


def written(made: Config) -> dict[str, bytes]:
    """What is in the tar of a spool."""
    stream = io.BytesIO()
    spool.write(made, stream)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        opened = {entry.name: archive.extractfile(entry) for entry in archive}
    return {name: content.read() if content else b"" for name, content in opened.items()}


def test_nothing_but_the_service_s_own_segments_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "OWNER", os.geteuid())
    made = config(tmp_path)
    of_a_stranger(made, tmp_path)
    assert written(made) == {NAMES[0]: b"first"}
    assert spool.left_out(made) == NAMES[1:]
    # They may not be in the way of the others either.
    spool.trim(made, {NAMES[0]: 5, NAMES[1]: 1 << 40})
    monkeypatch.setattr(spool, "OWNER", os.geteuid() + 1)
    if os.geteuid():
        assert written(made) == {}, "it is somebody else's"


def test_a_folder_that_leads_elsewhere_is_not_gone_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "OWNER", os.geteuid())
    made, elsewhere = config(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / NAMES[0]).write_text("the key")
    (made.spool / spool.CARRIED).rmdir()
    (made.spool / spool.CARRIED).symlink_to(elsewhere)
    assert written(made) == {}
    spool.trim(made, {NAMES[0]: 1 << 40})
    assert (elsewhere / NAMES[0]).exists()
    with pytest.raises(Trouble, match="is no folder"):
        spool.hold(made)


def test_what_is_made_in_the_spool_is_made_there(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root gives files to the service")
    made, elsewhere = config(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    mode = elsewhere.stat().st_mode
    (made.spool / spool.CARRIED).rmdir()
    (made.spool / f"{spool.CARRIED}.new").symlink_to(elsewhere)
    (made.spool / spool.MARK).symlink_to(tmp_path / "made by root")
    (made.spool / spool.STAGE).symlink_to(elsewhere)
    spool.hold(made)
    spool.begin(made)
    spool.stage(made, None)
    for name in (spool.CARRIED, spool.MARK, spool.STAGE):
        assert (made.spool / name).exists()
        assert not (made.spool / name).is_symlink()
    assert (made.spool / spool.CARRIED).stat().st_mode & 0o777 == 0o770
    assert not (tmp_path / "made by root").exists()
    assert (elsewhere.stat().st_mode, elsewhere.stat().st_uid) == (mode, 0)


def test_what_is_left_out_of_a_copy_is_told(tmp_path: Path) -> None:
    made = config(tmp_path)
    at = NOW.timestamp()
    memory.store(made.state, "spool", {"at": at, "left_out": 2})
    state, text = rows(made)["events since"]
    assert state == "warning"
    assert "2 files there are none of the service's and were left out" in text


def test_without_tokens_none_is_to_be_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "tell", lambda *_: [])
    (line,) = access.words()
    assert "make dashboard" in line


# ---- how it is ----


def rows(made: Config) -> dict[str, tuple[str, str]]:
    return {row.what: (row.state, row.text) for row in status.rows(made, NOW)}


def test_nothing_is_backed_up(tmp_path: Path) -> None:
    (row,) = status.rows(config(tmp_path, ""), NOW)
    assert row.state == "warning"
    assert "backup_repository" in row.type


def test_what_is_not_live_yet_backs_up_nothing(tmp_path: Path) -> None:
    made = config(tmp_path)
    made.held.parent.mkdir(parents=True)
    made.held.touch()
    for hours, state in ((1, "ok"), (25, "error")):
        at = (NOW - timedelta(hours=hours)).timestamp()
        os.utime(made.held, (at, at))
        assert rows(made) == {"backup": (state, "It backs up nothing before it is the live one.")}


@pytest.mark.parametrize(
    ("minutes", "backed_up", "copied"),
    [(5, "ok", "ok"), (30, "ok", "warning"), (200, "warning", "error"), (1500, "error", "error")],
)
def test_the_age_of_a_backup(tmp_path: Path, minutes: int, backed_up: str, copied: str) -> None:
    made = config(tmp_path)
    at = (NOW - timedelta(minutes=minutes)).timestamp()
    memory.store(made.state, "backup", {"stamp": "x", "at": at, "events": 3})
    memory.store(made.state, "spool", {"at": at})
    found = rows(made)
    assert (found["backup"][0], found["events since"][0]) == (backed_up, copied)
    assert "3 events" in found["backup"][1]


def test_the_age_of_a_backup_that_is_made_once_a_day(tmp_path: Path) -> None:
    made = replace(config(tmp_path), every=24)
    for hours, state in ((25, "ok"), (27, "warning"), (48, "error")):
        at = (NOW - timedelta(hours=hours)).timestamp()
        memory.store(made.state, "backup", {"stamp": "x", "at": at, "events": 3})
        assert rows(made)["backup"][0] == state


def test_what_failed_is_told(tmp_path: Path) -> None:
    made = config(tmp_path)
    at = NOW.timestamp()
    away = {"at": at, "fault": "/mnt is not reached (x).", "repository": True}
    memory.store(made.state, "tried", {"backup": away, "spool": {"at": at - 60, "fault": ""}})
    proof = {"at": at, "fault": "It differs.", "events": 0, "stamp": "", "seconds": 1}
    memory.store(made.state, "proof", proof)
    memory.store(made.state, "check", {"at": at, "fault": "It is damaged."})
    memory.store(made.state, "restoring", {"stamp": "x"})
    found = rows(made)
    assert found["backup"] == (
        "error",
        "There is none yet. The last try failed: /mnt is not reached (x).",
    )
    assert found["restore"][0] == found["repository"][0] == found["restoring"][0] == "error"
    assert found["reached"] == ("warning", "/mnt is not reached (x).")
    assert found["key"][0] == "error", "There is none."


def test_the_key_is_safe_until_it_is_another(tmp_path: Path) -> None:
    made = config(tmp_path)
    made.secrets.mkdir(parents=True)
    made.key.write_text("one")
    assert rows(made)["key"][0] == "warning"
    memory.store(made.state, "key", {"digest": status.digest(made)})
    assert "key" not in rows(made)
    made.key.write_text("another")
    assert "key" in rows(made)


def test_it_is_ready_when_it_was_opened_and_the_spool_is_held(tmp_path: Path) -> None:
    made = config(tmp_path)
    assert not repository.is_ready(made)
    memory.store(made.state, "repository", {"id": "1", "address": "/mnt/backup"})
    assert repository.is_ready(made)
    (made.spool / spool.CARRIED).rmdir()
    assert not repository.is_ready(made)


def test_settings_that_cannot_be_read_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="make deploy"):
        read(tmp_path)


# ---- what is no fault of what is in the repository ----


@pytest.mark.parametrize("which", [prove.prove, retention.check])
@pytest.mark.parametrize(
    ("ends_with", "told"),
    [(restic.Locked("is locked"), False), (SystemExit(143), False), (Trouble("damaged"), True)],
)
def test_who_can_not_look_has_found_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    which: Callable[..., None],
    ends_with: BaseException,
    told: bool,
) -> None:
    made = config(tmp_path)
    memory.store(made.state, "repository", {"id": "it"})

    def fail(*_: object, **__: object) -> None:
        # The two keep each other out.
        with pytest.raises(BusyError), hold(made, PROOF, wait=False):
            pass
        raise ends_with

    monkeypatch.setattr(restic, "identity", lambda _: "it")
    monkeypatch.setattr(restic, "run", fail)
    monkeypatch.setattr(sets, "chosen", fail)
    with pytest.raises(type(ends_with)):
        which(made, print)
    name = "proof" if which is prove.prove else "check"
    assert bool(memory.load(made.state, name).get("fault")) == told
    assert bool(memory.load(made.state, name)) == told


def away(monkeypatch: pytest.MonkeyPatch, *started: str) -> None:
    """What the database says, one time after the other, of when it was started; "": nothing."""
    said = iter(started)

    def answer() -> str:
        if at := next(said):
            return at
        raise Trouble("The database does not answer")

    monkeypatch.setattr(database, "started", answer)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [("1", "1", True), ("1", "2", False), ("1", "", False), ("", "", True), ("", "1", True)],
)
def test_a_proof_whose_database_is_replaced_has_found_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str, told: bool
) -> None:
    made = config(tmp_path)
    memory.store(made.state, "repository", {"id": "it"})

    def cut_off(*_: object) -> int:
        raise Trouble("The dump can't be loaded: server closed the connection")

    monkeypatch.setattr(restic, "identity", lambda _: "it")
    monkeypatch.setattr(sets, "chosen", lambda *_: (Set("20261126T010000Z"), True))
    monkeypatch.setattr(prove, "_restored", cut_off)
    # It is looked for first.
    monkeypatch.setattr(outage, "_SEEN_SECONDS", -1)
    away(monkeypatch, before, before, after)
    with pytest.raises(Trouble, match="server closed") as raised:
        prove.prove(made, print)
    assert isinstance(raised.value, outage.DatabaseAway) != told
    assert bool(memory.load(made.state, "proof")) == told


def test_what_was_cut_off_begins_anew_when_the_database_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[int] = []
    said: list[str] = []

    def work(times: int) -> None:
        tries.append(1)
        if len(tries) <= times:
            raise outage.DatabaseAway("It was stopped.")

    monkeypatch.setattr(time, "sleep", lambda _: None)
    away(monkeypatch, "", "", "2")
    outage.through(lambda: work(1), said.append)
    assert (len(tries), len(said)) == (2, 1)
    assert "begins anew" in said[0]
    tries.clear()
    away(monkeypatch, "3", "4")
    with pytest.raises(outage.DatabaseAway):
        outage.through(lambda: work(9), said.append)
    assert len(tries) == 3
    # Nobody waits for one that stays away.
    tries.clear()
    monkeypatch.setattr(outage, "_BACK_SECONDS", -1)
    away(monkeypatch, "")
    with pytest.raises(Trouble, match="does not answer"):
        outage.through(lambda: work(1), said.append)


def test_a_database_that_has_ended_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    count = database._count

    def later(session: Any) -> database.Counted:
        time.sleep(0.2)
        return count(session)

    monkeypatch.setattr(database, "inside", lambda *_, **__: ["sh", "-c", "echo gone >&2; exit 2"])
    monkeypatch.setattr(database, "_count", later)
    with pytest.raises(Trouble, match="does not answer: gone"), database.moment():
        pass


def test_a_restore_that_can_not_be_read_any_more_begins_anew(tmp_path: Path) -> None:
    made = config(tmp_path)
    assert not journal.is_begun(made)
    memory.store(made.state, "restoring", {"stamp": "20261126T010000Z", "by": "another version"})
    assert journal.is_begun(made)
    assert restore.wanted(made)
    with pytest.raises(Trouble, match="make restore AT=latest"):
        journal.begun(made)
    with pytest.raises(Trouble, match="not at its end"):
        backup.check_restore(made)
    assert journal.begun(made, "latest") is None
