"""A site that is counted by what nginx tells of it needs no script at all."""

import pytest

from emulator import Droplet
from tests.containers import container
from tests.outside import Outside
from tests.runs import deploy
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"}
PAGES = "select string_agg(t.text, ' ') from events join texts t on t.id = path"


def test_pages_that_are_shown_are_counted(droplet: Droplet, outside: Outside) -> None:
    ask = f'docker exec {container("db")} psql -U analytics -At -c "{PAGES}"'
    before = droplet.run(ask).split().count("/about")
    done = deploy("--data", "count_from=log")
    assert done.code == 0, done.said
    # nginx learns by the first view after a restart of the service that its old socket is gone.
    outside.request("GET", "/", headers=FIREFOX)
    for path in ("/about", "/feed.xml", "/missing"):
        outside.request("GET", path, headers=FIREFOX)
    wait_until(lambda: droplet.run(ask).split().count("/about") == before + 1, 60)
    counted = droplet.run(ask).split()
    assert "/feed.xml" not in counted
    assert "/missing" not in counted
    sent = outside.send_event(name="pageview")
    assert sent.headers["x-plausible-dropped"] == "1", "The same view would be counted twice."
    back = deploy()
    assert back.code == 0, back.said
