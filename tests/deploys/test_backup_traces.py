"""Nothing of a visitor's address is in a backup: not in the repository, not in what it restores."""

import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploys.backup_lab import SPOOL, Lab
from tests.unit.nginx_render import PROJECT

# Real networks, so that a country is found for them.
VISITORS = ("81.2.69.142", "81.2.69.143", "2a02:cf40::7d31", "175.16.199.37")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A host whose visitors were stored, or wait in the spool, and were backed up."""
    folder = tmp_path_factory.mktemp("traces")
    made = Lab(folder / "host", folder / "elsewhere")
    made.start()
    try:
        visit(made)
        made.work()
        made.right("backup")
        visit(made)
        made.right("spool")
        yield made
    finally:
        made.stop()


def visit(lab: Lab) -> None:
    done = lab.inside(
        *("env", f"PYTHONPATH={PROJECT}/files/analytics/src", sys.executable),
        *(PROJECT / "tests/deploys/visiting.py", f"{lab.folder}/root{SPOOL}"),
        *(f"{lab.folder}/root/run/keys", *VISITORS),
    )
    assert done.code == 0, done.said


def forms(address: str) -> set[bytes]:
    """How an address may be written down; four bytes alone are found anywhere by chance."""
    known = ipaddress.ip_address(address)
    ways = {
        known.compressed.encode(),
        known.exploded.encode(),
        known.packed.hex().encode(),
        str(int(known)).encode(),
    }
    return ways | ({known.packed, known.packed[:8]} if known.version == 6 else set())


def keys(lab: Lab) -> set[bytes]:
    """The day's keys, which are in memory alone."""
    folder = f"{lab.folder}/root/run/keys"
    listed = lab.inside("find", folder, "-type", "f", "-exec", "xxd", "-p", "-c0", "{}", ";")
    return {bytes.fromhex(line) for line in listed.said.split()}


def found(folder: Path, needles: set[bytes]) -> set[bytes]:
    """Those of them that are in any file of the folder, or in a file's name."""
    hits: set[bytes] = set()
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        hits |= {one for one in needles if one in content or one in bytes(path)}
    return hits


def test_no_address_and_no_key_is_in_a_backup(lab: Lab) -> None:
    secret = keys(lab)
    assert secret, "The day has a key."
    assert all(len(one) >= 16 for one in secret)
    needles = secret | {form for address in VISITORS for form in forms(address)}
    # What is there must be found, or the search finds nothing.
    assert lab.ask("SELECT count(*) FROM events") == [str(len(VISITORS))]

    place = lab.elsewhere / "repository"
    assert found(place, needles) == set()

    # All that is in the repository, in clear: the database as text and as it is, spool, files.
    options = "RESTIC_PASSWORD_FILE=/etc/freehold/backup/key restic -r /mnt/backup/repository -q"
    clear = lab.elsewhere / "clear"
    done = lab.run(
        "sh",
        "-euc",
        f"mkdir /mnt/backup/clear; cd /mnt/backup/clear\n"
        f"for one in $({options} snapshots --json | tr , '\\n' | sed -n 's/.*\"short_id\":\"//p' |"
        f" tr -d '\"]}}'); do {options} restore $one --target ./$one; done\n"
        "for dump in */database.dump; do /usr/lib/postgresql/17/bin/pg_restore --file=$dump.sql"
        " $dump; done",
    )
    assert done.code == 0, done.said
    assert found(clear, {b"/seen", b"blog.test", b"manifest"}) == {
        b"/seen",
        b"blog.test",
        b"manifest",
    }
    assert {path.name for path in clear.rglob("*") if path.is_file()} >= {
        "database.dump",
        "spool.tar",
        "index.html",
        "private_key.json",
    }
    assert found(clear, needles) == set()
    # Nor in what this host keeps to itself of them.
    assert found_on_host(lab, needles) == set()


def found_on_host(lab: Lab, needles: set[bytes]) -> set[bytes]:
    copied = lab.elsewhere / "host"
    lab.run(
        "sh", "-c", "mkdir /mnt/backup/host; cp -a /var/lib/freehold /var/cache /mnt/backup/host"
    )
    return found(copied, needles)
