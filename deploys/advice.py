"""What to type when a host can't be reached or there is none, beside pyinfra's own words."""

import logging

from pyinfra import state
from pyinfra.api.exceptions import PyinfraError
from typing_extensions import override

from operations.rsync import DISK_IS_FULL

# What pyinfra says, and what helps.
ADVICE = {
    "Authentication error": (
        "The server refused the key. Is it the one that the server was made with? Name it as "
        "ssh_key in group_data/droplets.py, or load it: ssh-add ~/.ssh/id_ed25519"
    ),
    "No authentication methods available": (
        "There is no SSH key to log in with. Name one as ssh_key in group_data/droplets.py, or "
        "load one into the agent: ssh-add ~/.ssh/id_ed25519"
    ),
    "SSH host key error": (
        "The server shows another host key than before. If you did not rebuild it, stop: someone "
        "may stand in between. If you did: ssh-keygen -R ADDRESS, then log in once with ssh; of a "
        "droplet of make droplet: copy .droplets/known_hosts from the machine that deployed last"
    ),
    "found in known_hosts": (
        "The server's host key is not known yet. Log in once and compare the fingerprint that it "
        "shows with the one on your provider's console: ssh root@ADDRESS"
    ),
    "Could not resolve hostname": (
        "The name leads nowhere. Check the address of your server in inventory.py"
    ),
    "Could not connect": (
        "The server does not answer. Is it on, is the address in inventory.py right, and does a "
        "cloud firewall let SSH in? For the emulated droplet: make up"
    ),
    "Error reading SSH protocol banner": (
        "The server accepted the connection and said nothing: it may be booting. Try again in a "
        "minute."
    ),
    DISK_IS_FULL: (
        "The server's disk is full. What was brought is removed again. See what takes it: make "
        "ssh, then: du -xh / | sort -h | tail. When there is room: make deploy"
    ),
    "Private key file is encrypted": (
        "The key has a passphrase. Load it into the agent first: ssh-add"
    ),
}


class _Adviser(logging.Handler):
    """Follows a known error with its advice, on the same stream."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.given: set[str] = set()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage()
        advice = next((text for sign, text in ADVICE.items() if sign in words), None)
        if advice and advice not in self.given:
            self.given.add(advice)
            logging.getLogger("pyinfra").warning(f"    {advice}")


class _NobodyThere(logging.Handler):
    """Stops a run without a host, which pyinfra would call a success.

    Its log is the only thing that says when the inventory is complete and nothing has begun.
    """

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if "Connecting to hosts" not in record.getMessage():
            return
        if not len(state.inventory):
            raise PyinfraError(
                "There is no host. Write your server's address in inventory.py, "
                "have one made (make droplet), or start the emulated one: make up"
            )
        if not any(state.is_host_in_limit(host) for host in state.inventory):
            names = ", ".join(sorted(host.name for host in state.inventory))
            raise PyinfraError(f"No host or group of that name. There are: {names}")


def advise() -> None:
    """Let each connection error be followed by what to do about it, and no run be about nobody."""
    logger = logging.getLogger("pyinfra")
    logger.addHandler(_Adviser())
    logger.addHandler(_NobodyThere())
