"""Addresses and networks that somebody may come from."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

from settings.faults import Fault, of_repeated

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(given: Sequence[str]) -> Sequence[str]:
    """`given` when these are addresses or networks, IPv4 or IPv6, each once.

    Raises Fault.
    """
    sentences = [f"{text!r}: {sentence}" for text in given for sentence in _faults(text)]
    sentences += of_repeated(given)
    if sentences:
        raise Fault(*sentences)
    return given


def _faults(text: str) -> Iterator[str]:
    if "%" in text:
        # Python takes anything behind it for an interface's name.
        yield "It must not name an interface."
        return
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        yield _meant(text)
        return
    if "/" in text and "." in text.partition("/")[2]:
        yield f"A network ends in the length of its prefix: {network}"
    if network.prefixlen == 0:
        yield "That is everybody. An empty list says so."
    elif network.is_loopback or network.is_multicast or network.is_unspecified:
        yield "Nobody comes from there."
    elif network.version == 6 and network.network_address.ipv4_mapped:
        yield "It is an IPv4 address in IPv6's clothes: write it as one of IPv4."


def _meant(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return (
            "It must be an address or a network, such as 203.0.113.7, 198.51.100.0/24 or "
            "2001:db8:1::/48; a name may lead elsewhere tomorrow."
        )
    return f"An address within a network is not a network: {network}, or {text.partition('/')[0]}"


def joined(given: Iterable[str], version: int) -> tuple[str, ...]:
    """The networks of one version of IP, without overlaps, which nftables refuses in a set."""
    of_version: list[Network] = [
        network for network in map(ipaddress.ip_network, given) if network.version == version
    ]
    # The type is of one version or the other, which typeshed has no word for.
    merged = ipaddress.collapse_addresses(of_version)  # type: ignore[type-var]
    return tuple(str(network) for network in merged)


def holds(given: Iterable[str], address: str) -> bool:
    """Whether `address` is in one of the networks."""
    # A server that hears IPv4 on a socket of IPv6 calls its peer ::ffff:203.0.113.7.
    peer = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped:
        peer = peer.ipv4_mapped
    return any(peer in network for network in map(ipaddress.ip_network, given))
