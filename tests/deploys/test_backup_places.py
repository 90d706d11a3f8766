"""Backups to other machines: SFTP by Debian's sshd, REST by rclone, and one that is not ours."""

from collections.abc import Iterator

import pytest

from tests.deploys.backup_lab import Lab
from tests.deploys.debian_lab import wait

# sshd of another machine stands in the same network here.
_SSHD = """
set -eu
mkdir -p /run/sshd /root/.ssh /mnt/backup
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/lab_host
ssh-keygen -q -t ed25519 -N '' -f /etc/freehold/backup/ssh_key
cp /etc/freehold/backup/ssh_key.pub /root/.ssh/authorized_keys
echo "[127.0.0.1]:2222 $(cat /etc/ssh/lab_host.pub)" >/etc/freehold/backup/known_hosts
cat >/etc/ssh/lab_config <<END
Port 2222
ListenAddress 127.0.0.1
HostKey /etc/ssh/lab_host
UsePAM no
PasswordAuthentication no
StrictModes no
Subsystem sftp internal-sftp
PidFile none
END
"""
SFTP = "sftp://root@127.0.0.1:2222//mnt/backup/sftp"
REST = "rest:http://127.0.0.1:8000/rest/"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A host with ten events, and the servers that take its backups."""
    folder = tmp_path_factory.mktemp("places")
    made = Lab(folder / "host", folder / "elsewhere")
    made.start()
    try:
        made.take(range(10))
        made.work()
        done = made.run("sh", "-c", _SSHD)
        assert done.code == 0, done.said
        made.started("/usr/sbin/sshd", "-D", "-f", "/etc/ssh/lab_config")
        who = ("--user", "freehold", "--pass", "secret")
        made.started(
            *("rclone", "serve", "restic", "--addr", "127.0.0.1:8000", *who, "/mnt/backup")
        )
        for port in ("2222", "8000"):
            connect = f"exec 3<>/dev/tcp/127.0.0.1/{port}"
            wait(lambda connect=connect: made.run("bash", "-c", connect).code == 0)  # type: ignore[misc]
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("place", [SFTP, REST])
@pytest.mark.slow
def test_a_backup_goes_there_and_comes_back(lab: Lab, place: str) -> None:
    who = "RESTIC_REST_USERNAME=freehold\nRESTIC_REST_PASSWORD=secret\n"
    lab.write("/etc/freehold/backup/environment", who)
    lab.describe(place)
    lab.right("ready")
    lab.right("backup")
    lab.right("spool")
    lab.right("prove")
    lab.right("tidy")
    lab.right("check")
    assert lab.status()["reached"]["state"] == "ok"
    lab.ask("DELETE FROM events")
    lab.right("restore")
    lab.run("docker", "stop", "worker")
    assert lab.counted() == list(range(10))


def refused(lab: Lab) -> str:
    done = lab.run("env", "FREEHOLD_ANSWER=5", "/usr/local/sbin/freehold-backup", "backup")
    assert done.code == 1
    assert "Traceback" not in done.said
    return done.said


def test_a_server_with_another_host_key_is_not_spoken_with(lab: Lab) -> None:
    lab.describe(SFTP)
    known = "/etc/freehold/backup/known_hosts"
    right = lab.run("cat", known).said
    other = lab.run("cat", "/etc/freehold/backup/ssh_key.pub").said
    lab.write(known, f"[127.0.0.1]:2222 {other}")
    try:
        assert "shows another host key than backup_host_key" in refused(lab)
    finally:
        lab.write(known, right)


def test_who_is_not_let_in(lab: Lab) -> None:
    lab.describe(REST)
    who = "RESTIC_REST_USERNAME=freehold\nRESTIC_REST_PASSWORD=wrong\n"
    lab.write("/etc/freehold/backup/environment", who)
    said = refused(lab)
    assert "does not let this host in" in said
    assert "wrong" not in said
    lab.describe(SFTP)
    lab.run("mv", "/root/.ssh/authorized_keys", "/root/.ssh/nobody")
    try:
        assert "does not let this host in" in refused(lab)
    finally:
        lab.run("mv", "/root/.ssh/nobody", "/root/.ssh/authorized_keys")


def test_a_server_that_is_away(lab: Lab) -> None:
    lab.describe("sftp://root@127.0.0.1:2223//mnt/backup/sftp")
    assert "is not reached" in refused(lab)
