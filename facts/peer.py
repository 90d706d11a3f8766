"""The two ends of this run's SSH connection, as the host sees them."""

from dataclasses import dataclass

# A line of another fact's, for each question is a round trip.
ASK = 'echo "${SSH_CONNECTION:-none}"'


@dataclass(frozen=True)
class Peer:
    """Where the run comes from, and the port at which the host's own sshd has met it.

    Behind a router or a jump host, `address` is another than the machine's own. Where something
    forwards a port to the host, `port` is another than the one that was asked for.
    """

    address: str
    port: int


def peer_of(answer: str) -> Peer | None:
    """What ASK's answer says; nothing without an SSH connection."""
    words = answer.split()
    return Peer(words[0], int(words[3])) if len(words) == 4 else None
