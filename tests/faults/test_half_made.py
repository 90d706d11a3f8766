"""The plug is pulled in the database's very first start: the next run begins it again."""

import pytest

from emulator import Droplet
from tests.containers import container
from tests.outside import Outside
from tests.runs import deploy, deploying
from tests.waiting import wait_until_stored

pytestmark = pytest.mark.slow


def test_a_half_made_database_is_made_again(droplet: Droplet, outside: Outside) -> None:
    droplet.run(f"docker rm --force {container('db')} && docker volume rm freehold_db-17; sync")
    with deploying():
        droplet.run(
            "timeout 480 sh -c 'until pgrep --exact initdb; do sleep 0.5; done' && sync"
            " && pgrep --exact initdb"
        )
        assert outside.send_event(name="half-made").status == 202
        droplet.power_cut()
    droplet.up()
    finished = deploy()
    assert finished.code == 0, finished.said
    droplet.run(f"docker exec {container('db')} test -d /var/lib/postgresql/data/half-made")
    assert deploy("--json").changed() == []
    # It was on the disk before it was acknowledged; the worker carries it to the new database.
    wait_until_stored(droplet, "half-made", 1)
