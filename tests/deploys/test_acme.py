"""The droplet's certificate of a real authority: it verifies, and it is renewed under load."""

import json
import ssl
import sys
import threading
from dataclasses import dataclass, field
from http.client import HTTPSConnection

import pytest

from emulator import Droplet
from tests.outside import Outside
from tests.runs import run

RENEW = (
    "REQUESTS_CA_BUNDLE=/etc/freehold/acme-ca.pem"
    " certbot -q renew --no-random-sleep-on-renew --force-renewal 2>&1"
)


@dataclass
class Visitors:
    """Ask for pages without a pause, until they are told to stop."""

    outside: Outside
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def visit(self) -> None:
        while not self.over.is_set():
            try:
                answer = self.outside.get("/about")
                assert answer.status == 200
                self.answered += 1
            except Exception as error:
                # Whatever it is, a visitor was lost.
                self.failed.append(repr(error))


def test_the_page_verifies_by_the_roots_that_make_up_names(
    droplet: Droplet, outside: Outside
) -> None:
    context = ssl.create_default_context(cafile=droplet.authority.roots)
    assert droplet.ports
    connection = HTTPSConnection(outside.domain, context=context, timeout=30)
    connection.sock = context.wrap_socket(
        outside._connect(droplet.ports.https), server_hostname=outside.domain
    )
    connection.request("GET", "/")
    assert connection.getresponse().status == 200
    connection.close()


def test_a_renewal_under_load_changes_the_served_serial_and_loses_nobody(
    droplet: Droplet, outside: Outside
) -> None:
    before = outside.certificate()
    visitors = Visitors(outside)
    threads = [threading.Thread(target=visitors.visit) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        said = droplet.run(RENEW)
        after = outside.certificate()
    finally:
        visitors.over.set()
        for thread in threads:
            thread.join()
    assert after != before, said
    assert visitors.failed == []
    assert visitors.answered > 20


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_the_status_is_in_order(droplet: Droplet, flags: tuple[str, ...]) -> None:
    told = run(sys.executable, "-m", "commands.status", "--limit", "emulated", *flags)
    # Nothing is backed up, and where no time server answers the clock is not compared.
    assert told.code == 2, told.said
    if flags:
        rows = json.loads(told.stdout)["emulated-droplet"]
        assert {row["what"] for row in rows if row["state"] != "ok"} - {"clock"} == {"backups"}
    else:
        assert "% of its life" in told.stdout
