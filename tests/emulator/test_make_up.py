"""`make up` as a newcomer types it, on a virtual machine: bought, deployed, ended, booted again.

In this order, each from where the one before ended, in a folder of its own.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Droplet, current
from emulator.digitalocean import behind
from tests.outside import Outside
from tests.runs import PROJECT, Run, deploy, run

pytestmark = pytest.mark.slow

DOMAIN = "blog.test"
# With every instruction emulated: two starts of pyinfra, and of Python thrice.
SECONDS = 60


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("make-up") / "emulator"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FREEHOLD_EMULATOR", str(place))
        try:
            yield place
        finally:
            run(sys.executable, "-m", "emulator", "destroy")


def _up() -> tuple[Run, float]:
    start = time.monotonic()
    done = run("make", "up")
    assert done.code == 0, done.said
    assert f"Your site is up:  https://{DOMAIN}" in done.stdout
    return done, time.monotonic() - start


def _droplet() -> Droplet:
    found = current()
    assert found.pid
    return found


def _status() -> int:
    ports = _droplet().ports
    assert ports
    return Outside(DOMAIN, ports).get("/").status


def test_it_is_bought_and_deployed(place: Path) -> None:
    done, _ = _up()
    for command in ("droplet.py", "deploy.py"):
        assert f"Loading: {command}" in done.said
    assert (place / "cloud" / "droplets") in _droplet().folder.parents
    assert _status() == 200


def test_the_second_time_takes_seconds_and_changes_nothing(place: Path) -> None:
    boot, mark = _droplet().boot_id(), (place / "deployed").stat().st_mtime
    done, seconds = _up()
    assert seconds < SECONDS
    assert "Loading: deploy.py" not in done.said
    assert _droplet().boot_id() == boot
    assert (place / "deployed").stat().st_mtime == mark


def test_typed_by_hand_it_is_the_same_host(place: Path) -> None:
    assert place.exists()
    again = deploy("--json", "--limit", "emulated")
    assert again.code == 0, again.said
    assert again.changed() == []


def test_down_ends_all_and_up_brings_it_back(place: Path) -> None:
    _droplet().run("touch /root/kept")
    done = run("make", "down")
    assert done.code == 0, done.said
    assert current().pid is None
    assert behind.running(place / "cloud") is None
    listed = run("pgrep", "--full", str(place))
    assert listed.stdout == ""
    done, _ = _up()
    assert "Loading: deploy.py" not in done.said
    assert _droplet().run("ls /root/kept").strip() == "/root/kept"
    assert _status() == 200


def test_after_a_power_cut_it_is_switched_on(place: Path) -> None:
    assert place.exists()
    before = _droplet().boot_id()
    _droplet().power_cut()
    _up()
    assert _droplet().boot_id() != before


def test_a_lost_droplet_is_bought_again(place: Path) -> None:
    lost = _droplet().folder
    told = run(sys.executable, "-m", "emulator", "api-env").stdout
    delete = (
        f"{told}\ncurl --silent --fail --request DELETE "
        f'--header "Authorization: Bearer $DIGITALOCEAN_TOKEN" '
        f'"$DIGITALOCEAN_API_URL/v2/droplets/{lost.name}"'
    )
    assert run("bash", "-c", delete, project=PROJECT).code == 0
    _up()
    assert _droplet().folder != lost
    assert place.exists()
    assert _status() == 200
