"""A stranger: a network namespace beside the host's own, joined to it by a pair of interfaces.

What it sends reaches the host through a real interface and so meets the firewall as the internet
does. The provider's own firewall, and the ports that an emulator forwards, don't hide anything.
"""

import json
import secrets
from pathlib import Path
from typing import Any

from testinfra.host import Host as Target

from tests.host.reading import run_python

NAMESPACE = "freehold-test"
_OUTER, _INNER = "fh-test-host", "fh-test-away"
# As far as it can look: every port of an address, at once.
_SCANNER = (Path(__file__).with_name("scanner.py")).read_text()

KNOCK = """
import errno, json, select, socket, sys, time
doors, waiting, opened = json.loads(sys.argv[1]), {}, []
poll = select.poll()
for number, (address, port) in enumerate(doors):
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    knocker = socket.socket(kind, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    # Without a route the answer is there at once.
    if knocker.connect_ex((address, port)) in (0, errno.EINPROGRESS):
        poll.register(knocker, select.POLLOUT)
        waiting[knocker.fileno()] = number, knocker
ends = time.monotonic() + 2
while waiting and (left := ends - time.monotonic()) > 0:
    for file, _ in poll.poll(left * 1000):
        poll.unregister(file)
        number, knocker = waiting.pop(file)
        if knocker.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            opened.append(number)
print(json.dumps(sorted(opened)))
"""


class Stranger:
    """Its addresses are new in each run, so that a trace of an earlier one is not mistaken."""

    def __init__(self, host: Target) -> None:
        self._host = host
        # 198.18.0.0/15 is set aside for measuring (RFC 2544), fd00::/8 for anybody (RFC 4193).
        net = f"198.18.{secrets.randbelow(256)}.{secrets.randbelow(64) * 4}"
        self.host_ipv4, self.ipv4 = (self._plus(net, add) for add in (1, 2))
        prefix = self._network()
        self.host_ipv6, self.ipv6 = f"{prefix}::1", f"{prefix}::2"

    @staticmethod
    def _network() -> str:
        """The start of a /48."""
        return f"fd{secrets.token_hex(1)}:{secrets.token_hex(2)}:{secrets.token_hex(2)}"

    @staticmethod
    def _plus(address: str, add: int) -> str:
        start, _, last = address.rpartition(".")
        return f"{start}.{int(last) + add}"

    def move_in(self) -> None:
        """Make namespace and interfaces; what a run that was killed left behind goes first."""
        self.move_out()
        inner = f"ip -n {NAMESPACE}"
        done = self._host.run(
            f"""set -e
            ip netns add {NAMESPACE}
            ip link add {_OUTER} type veth peer name {_INNER} netns {NAMESPACE}
            ip addr add {self.host_ipv4}/30 dev {_OUTER}
            ip addr add {self.host_ipv6}/64 dev {_OUTER} nodad
            ip link set {_OUTER} up
            {inner} link set lo up
            {inner} addr add {self.ipv4}/30 dev {_INNER}
            {inner} addr add {self.ipv6}/64 dev {_INNER} nodad
            {inner} link set {_INNER} up
            {inner} route add default via {self.host_ipv4}
            {inner} -6 route add default via {self.host_ipv6}"""
        )
        assert done.rc == 0, f"No namespace to look from: {done.stderr}"

    def move_out(self) -> None:
        """Remove every trace of it."""
        self._host.run(f"ip netns del {NAMESPACE}; ip link del {_OUTER}")

    def have_more(self, count: int) -> list[str]:
        """So many addresses more, each in a /64 of its own of a /48 that nobody had before."""
        network = self._network()
        more = [f"{network}:{number}::2" for number in range(count)]
        add = "".join(f"; ip -n {NAMESPACE} addr add {one}/64 dev {_INNER} nodad" for one in more)
        done = self._host.run(f"set -e; ip -6 route add {network}::/48 dev {_OUTER}{add}")
        assert done.rc == 0, f"No more addresses: {done.stderr}"
        return more

    def run(self, command: str, *arguments: str) -> Any:
        """testinfra's result of a command that the stranger runs."""
        return self._host.run(f"ip netns exec {NAMESPACE} {command}", *arguments)

    def open_ports(self, address: str) -> set[int]:
        """Which of all 65,535 TCP ports of `address` accept a connection."""
        source = self.ipv6 if ":" in address else self.ipv4
        done = self.run("python3 -c %s %s %s", _SCANNER, source, address)
        assert done.rc == 0, f"The scan of {address} failed: {done.stderr}"
        return set(json.loads(done.stdout))

    def reaches(self, doors: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """Those of `doors` that accept a TCP connection."""
        done = self.run("python3 -c %s %s", KNOCK, json.dumps(doors))
        assert done.rc == 0, f"Knocking failed: {done.stderr}"
        return [doors[number] for number in json.loads(done.stdout)]

    def addresses(self) -> list[str]:
        """The host's addresses that a stranger may try: its public ones, and those beside him."""
        script = """
import json, subprocess
shown = json.loads(subprocess.check_output(["ip", "-json", "address", "show", "scope", "global"]))
bridges = ("docker", "br-", "veth", "fh-test")
print(json.dumps([
    address["local"] for link in shown if not link["ifname"].startswith(bridges)
    for address in link["addr_info"] if "local" in address
]))
"""
        return [self.host_ipv4, self.host_ipv6, *run_python(self._host, script)]
