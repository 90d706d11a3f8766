"""nmap: every TCP port and the usual UDP ones, over IPv4 and IPv6.

It scans from a network namespace on the host, beside its interfaces (tests/host/stranger.py), so
that neither an emulator's forwarded ports nor a provider's firewall hides anything.
"""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from audit.carried import carried
from audit.debian import scanners, start_inside, version_of
from audit.finding import AuditError, Finding, Outcome
from audit.target import Target
from tests.host.stranger import Stranger

# A dropped packet gets no answer, so each port is asked once more.
_TCP = "-sS -p- --min-rate 4000 --max-retries 1"
_UDP = "-sU --top-ports 100 --max-retries 1"
# Every Debian has these, and the host's own fit each other.
_EVERYWHERE = ("libc.so", "libm.so", "ld-linux", "libcrypto.so", "libssl.so", "linux-vdso")


def open_ports(xml: str) -> set[str]:
    """Those that answered, as `443/tcp`; raises AuditError when a scan was not finished."""
    try:
        tree = ElementTree.fromstring(xml)  # noqa: S314 - of our own nmap
    except ElementTree.ParseError:
        raise AuditError(f"nmap did not come to its end: {xml[-500:]}") from None
    finished = tree.find("runstats/finished")
    if finished is None or finished.get("exit") != "success" or tree.find("host") is None:
        raise AuditError("nmap did not come to its end.")
    return {
        f"{port.get('portid')}/{port.get('protocol')}"
        for port in tree.iter("port")
        if (state := port.find("state")) is not None and state.get("state") == "open"
    }


def findings(
    opened: set[str], expected: set[str], where: str, *, silent: frozenset[str] = frozenset()
) -> list[Finding]:
    """A port that should be shut, and one that should be open; of those that are `silent`, neither.

    One that answers no probe of nmap's looks like one that is shut.
    """
    surprising = [
        Finding(f"{port} {where}", "is open") for port in sorted(opened - expected - silent)
    ]
    missing = [Finding(f"{port} {where}", "is not open") for port in sorted(expected - opened)]
    return surprising + missing


def _files() -> dict[str, Path]:
    """nmap, its lists, and those of its libraries that not every Debian has."""
    root = scanners()
    files = {"nmap": root / "usr/bin/nmap"}
    for name in ("nmap-services", "nmap-protocols", "nmap-service-probes"):
        files[f"share/{name}"] = root / "usr/share/nmap" / name
    for line in start_inside(["ldd", "/usr/bin/nmap"], codes=(0,), seconds=60).splitlines():
        name, arrow, _ = line.strip().partition(" => ")
        if arrow and not name.startswith(_EVERYWHERE):
            # Not where ldd says: of a library with alternatives it knows nothing, as no package's
            # script has run.
            files[f"lib/{name}"] = next((root / "usr/lib").rglob(name))
    return files


def run(target: Target) -> Outcome:
    """Scan the address beside the stranger, which is as open as any other of the host."""
    stranger = Stranger(target.shell)
    # nmap's probe of it is shorter than what QUIC lets a server answer (RFC 9000, 14.1), so only a
    # client of its own sees that it is open: tests/host/test_quic.py.
    quic = frozenset({"443/udp"}) if target.http3 else frozenset()
    found = []
    with carried(target, "nmap", _files()) as folder:
        nmap = f"env LD_LIBRARY_PATH={folder}/lib {folder}/nmap --datadir {folder}/share"
        stranger.move_in()
        try:
            for family, address in (("-4", stranger.host_ipv4), ("-6", stranger.host_ipv6)):
                for kind, expected in ((_TCP, {"22/tcp", "80/tcp", "443/tcp"}), (_UDP, set[str]())):
                    done = stranger.run(f"{nmap} -n -Pn -oX - {family} {kind} {address}")
                    if done.rc:
                        raise AuditError(f"nmap ended with {done.rc}: {done.stderr[-500:]}")
                    where = f"over IPv{family[1]}"
                    found += findings(open_ports(done.stdout), expected, where, silent=quic)
        finally:
            stranger.move_out()
    return Outcome(
        version=version_of("nmap"),
        command=f"nmap -n -Pn {_TCP} HOST; nmap -n -Pn {_UDP} HOST; both again with -6",
        headline="22, 80 and 443 alone" if not found else "",
        findings=found,
    )
