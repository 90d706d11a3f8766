"""Services die; the site does not, and a deploy brings them back."""

import json

import pytest

from emulator import Droplet
from tests.containers import container
from tests.outside import Outside
from tests.runs import deploy
from tests.waiting import wait_until_stored


def _refused_with_json(outside: Outside) -> None:
    refused = outside.send_event()
    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    assert "json" in refused.headers["content-type"]
    assert json.loads(refused.body)["error"]


@pytest.mark.slow
def test_the_site_outlives_its_services(droplet: Droplet, outside: Outside) -> None:
    for dead in ("db", "worker", "webapp"):
        droplet.run(f"docker stop --time 5 {container(dead)}")
        page = outside.get("/")
        assert page.status == 200
        assert b"<html" in page.body
        if dead == "webapp":
            _refused_with_json(outside)
        else:
            event = outside.send_event(name=f"without the {dead}")
            assert event.status == 202, "Events are taken without a database, and wait."

    mended = deploy("--json")
    assert mended.code == 0, mended.said
    assert mended.changed() == ["Stack | Bring all services up, the database migrated before"]
    wait_until_stored(droplet, "without the %", 2)


def test_a_killed_service_comes_back_by_itself(droplet: Droplet, outside: Outside) -> None:
    started = f"docker inspect --format '{{{{.State.StartedAt}}}}' {container('nginx')}"
    before = droplet.run(started)
    droplet.run("pkill", "--signal", "KILL", "--oldest", "nginx")
    # Docker waits a moment before it starts the container again.
    droplet.run(
        "for try in $(seq 60); do curl --silent --output /dev/null --connect-to ::127.0.0.1:80"
        " http://blog.test/ && break; sleep 1; done"
    )
    assert outside.get("/").status == 200
    assert before != droplet.run(started)
