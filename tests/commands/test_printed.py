"""What a command prints is its reader's alone."""

import re

from emulator import Droplet
from tests.runs import run


def test_a_token_is_in_no_log(droplet: Droplet) -> None:
    """Docker's log drivers get what an attached container prints."""
    made = run("make", "token", "NAME=nobody's", "LIMIT=emulated")
    assert made.code == 0, made.said
    (token,) = re.findall(r"freehold_\S+", made.stdout)
    logged = droplet.run("journalctl --quiet --since=-15min --all --output=cat")
    assert "sshd" in droplet.run("journalctl --quiet --since=-15min --identifier=sshd-session")
    assert token not in logged
