"""Where a name leads: asked of DNS itself, without what this machine knows of its own names.

/etc/hosts and systemd-resolved answer the host's own name, which is the site's, by themselves, so
the servers behind them are asked.
"""

import contextlib
import ipaddress
import subprocess
from pathlib import Path

from dns.exception import DNSException
from dns.resolver import (
    NXDOMAIN,
    LifetimeTimeout,
    NoAnswer,
    NoNameservers,
    NoResolverConfiguration,
    Resolver,
)

from freehold_host.trouble import Trouble

# For one question, each attempt and all of them.
_SECONDS, _SECONDS_IN_ALL = 5.0, 10.0


def behind_resolved(told: str) -> list[str]:
    """The servers that may be asked, by what `resolvectl dns` prints; also for certain zones."""
    found = []
    for line in told.splitlines():
        for word in line.partition(": ")[2].split():
            # Some have a name for TLS after them, or a port: those are asked by systemd alone.
            with contextlib.suppress(ValueError):
                found.append(str(ipaddress.ip_address(word.partition("#")[0])))
    return found


def _servers(root: Path) -> list[str]:
    if (root / "run/systemd/resolve").exists():
        told = subprocess.run(["resolvectl", "dns"], capture_output=True, text=True, check=False)
        if found := behind_resolved(told.stdout):
            return found
    try:
        return [str(server) for server in Resolver(str(root / "etc/resolv.conf")).nameservers]
    except (NoResolverConfiguration, ValueError):
        return []


def _ask(server: str, name: str) -> list[str]:
    """The addresses that one server knows. NXDOMAIN or NoAnswer when there are none."""
    # Each by itself: of several, dnspython takes the first one's word that there is no such name.
    asking = Resolver(configure=False)
    asking.nameservers = [server]
    asking.timeout, asking.lifetime = _SECONDS, _SECONDS_IN_ALL
    # By TCP an answer is never cut off, and not so easily forged. Some routers know UDP only.
    try:
        found = asking.resolve_name(name, tcp=True, search=False)
    except (NoNameservers, LifetimeTimeout):
        found = asking.resolve_name(name, search=False)
    return list(found.addresses())


def _reason(error: DNSException) -> str:
    """The last of what went wrong, where dnspython tells of every attempt."""
    attempts = error.kwargs.get("errors")
    return str(attempts[-1][3] if attempts else error).rstrip(".")


def resolve(name: str, root: Path = Path("/")) -> list[str]:
    """The addresses that the name's A and AAAA records lead to, as any of the servers has them."""
    reason, answered = "no server is known: /etc/resolv.conf", False
    for server in _servers(root):
        try:
            return _ask(server, name)
        except (NXDOMAIN, NoAnswer):
            answered = True
        except DNSException as error:
            reason = f"{server}: {_reason(error)}"
    if answered:
        return []
    raise Trouble(f"DNS did not say where {name} leads ({reason}). Try again: make deploy")
