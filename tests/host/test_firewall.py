"""What can be reached: SSH and the door, over IPv4 and IPv6, whatever Docker does."""

import asyncio
import json
import resource
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.containers import container
from tests.host.reading import DOCKER, Services, may_be_disturbed, read, run_python, settled
from tests.host.stranger import Stranger

DOORS = {22, 80, 443}
# A service that somebody started and forgot, and a port that Docker publishes.
FORGOTTEN, PUBLISHED = 8099, 8088
CONTAINER = "freehold-test-published"

_FORGOTTEN = """
import select, socket, sys, time
port, seconds = map(int, sys.argv[1:])
tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for one in (tcp, udp):
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("::", port))
tcp.listen(100)
ends = time.monotonic() + seconds
while time.monotonic() < ends:
    for one in select.select([tcp, udp], [], [], 1)[0]:
        if one is tcp:
            tcp.accept()[0].close()
        else:
            data, (sender, *_) = udp.recvfrom(100)
            print("heard from", sender, flush=True)
"""


def _doors(described: Host) -> set[int]:
    """The doors for everybody: SSH is none when it is for the owner's addresses only."""
    return DOORS - {22} if described.data.get("ssh_allowed_from") else DOORS


@pytest.fixture(scope="session")
def ruleset(host: Target) -> list[dict[str, Any]]:
    """Every object of the kernel's packet filter."""
    return _ruleset(host)


def _ruleset(host: Target) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(host.check_output("nft -j list ruleset"))["nftables"]
    return found


def _ours(ruleset: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    objects = (entry[kind] for entry in ruleset if kind in entry)
    return [one for one in objects if (one["family"], one.get("table")) == ("inet", "freehold")]


def _chain(ruleset: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (chain,) = (one for one in _ours(ruleset, "chain") if one["name"] == name)
    return chain


def test_what_is_not_wanted_is_dropped(ruleset: list[dict[str, Any]]) -> None:
    for name in ("input", "forward"):
        chain = _chain(ruleset, name)
        assert (chain["hook"], chain["policy"]) == (name, "drop"), f"{name} lets everything in."
    before_docker = _chain(ruleset, "forward")["prio"]
    assert before_docker < 0, "Docker's own rules let a published port in before ours are asked."


def _matches(rule: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["match"] for part in rule["expr"] if "match" in part]


def _ports(matches: list[dict[str, Any]]) -> set[tuple[str, int]]:
    found = set()
    for match in matches:
        payload = match["left"].get("payload", {})
        if payload.get("field") == "dport":
            right = match["right"]
            numbers = right["set"] if isinstance(right, dict) else [right]
            found |= {(payload["protocol"], number) for number in numbers}
    return found


def test_the_wanted_ports_are_the_only_ones(ruleset: list[dict[str, Any]], described: Host) -> None:
    rules = [rule for rule in _ours(ruleset, "rule") if rule["chain"] == "input"]
    accepting = [_matches(rule) for rule in rules if {"accept": None} in rule["expr"]]
    assert all(accepting), "A rule without any condition accepts everything."
    for_anybody: set[tuple[str, int]] = set()
    for_some: set[tuple[str, int]] = set()
    for matches in accepting:
        (for_anybody if len(matches) == 1 else for_some).update(_ports(matches))
    wanted = {("tcp", port) for port in _doors(described)}
    # One rule for both families: IPv6 is never forgotten, and never more open.
    assert for_anybody == wanted | ({("udp", 443)} if described.data.get("http3") else set())
    # From a link-local address only: the host's own lease. And the owner's addresses.
    assert for_some <= {("udp", 546)} | {("tcp", port) for port in DOORS - _doors(described)}


def test_nothing_is_logged(ruleset: list[dict[str, Any]]) -> None:
    logging = [
        rule for rule in _ours(ruleset, "rule") if any("log" in part for part in rule["expr"])
    ]
    assert not logging, "The kernel's log would keep visitors' addresses."


def test_dockers_own_rules_are_intact(ruleset: list[dict[str, Any]]) -> None:
    chains = {
        (one["chain"]["family"], one["chain"]["table"], one["chain"]["name"])
        for one in ruleset
        if "chain" in one
    }
    for family in ("ip", "ip6"):
        for chain in ("DOCKER", "DOCKER-USER", "DOCKER-ISOLATION-STAGE-1", "FORWARD"):
            assert (family, "filter", chain) in chains, f"Docker's {family} chain {chain} is gone."
        assert (family, "nat", "DOCKER") in chains


def test_it_stands_at_each_boot_and_nothing_flushes_it(host: Target) -> None:
    facts = read(
        host,
        {
            "ours": "for asked in enabled active; do systemctl is-$asked freehold-firewall; done",
            "stock": "systemctl is-enabled nftables.service",
            "order": "systemctl show freehold-firewall --property=Before --value",
            "ufw": "systemctl is-active ufw firewalld",
            "file": "stat -c '%a %U' /etc/freehold/nftables.conf;"
            " grep -v '^ *#' /etc/freehold/nftables.conf | grep -c 'flush ruleset'",
        },
    )
    assert facts["ours"].split() == ["enabled", "active"]
    assert facts["stock"] in {"masked", "disabled"}, "nftables.service flushes Docker's rules."
    assert "network-pre.target" in facts["order"].split(), "For a moment the host stands open."
    assert "\nactive" not in f"\n{facts['ufw']}", "Two firewalls contradict each other."
    assert facts["file"].split() == ["600", "root", "0"]


def test_who_listens(host: Target, described: Host) -> None:
    lines = host.check_output("ss --tcp --udp --listening --processes --numeric --no-header")
    found = set()
    for line in lines.splitlines():
        protocol, _, _, _, local, _, *process = line.split()
        address, _, port = local.rpartition(":")
        if not address.startswith(("127.", "[::1]")):
            name = process[0].split('"')[1] if process else "?"
            found.add((protocol, int(port), name))
    wanted = {("tcp", 22, "sshd"), ("tcp", 80, "nginx"), ("tcp", 443, "nginx")}
    if described.data.get("http3"):
        wanted.add(("udp", 443, "nginx"))
    # The host's own leases; systemd's names are cut off after 15 characters.
    leases = {("udp", port, "systemd-network") for port in (68, 546)}
    assert found - leases == wanted, "A service listens to the world that nobody asked for."


# ---- What a stranger reaches ----


@pytest.fixture(scope="module")
def forgotten(host: Target, no_deploy: None) -> Iterator[str]:
    """A service on every address, TCP and UDP, that nobody opened the firewall for."""
    log = host.check_output("mktemp")
    start = "nohup timeout 240 python3 -c %s %s 240 >%s 2>&1 & echo $!"
    pid = host.check_output(start, _FORGOTTEN, str(FORGOTTEN), log)
    try:
        yield log
    finally:
        host.run("kill %s; rm -f %s", pid, log)


@pytest.fixture(scope="module")
def published(host: Target, no_deploy: None) -> Iterator[str]:
    """The address of a container whose port 80 somebody published by mistake."""
    done = host.run(
        f"""docker rm --force {CONTAINER} >/dev/null 2>&1
        image=$(docker inspect --format '{{{{.Config.Image}}}}' {container("nginx")})
        docker run --detach --rm --name {CONTAINER} --memory 64m --publish {PUBLISHED}:80 $image"""
    )
    try:
        assert done.rc == 0, f"No container to look at: {done.stderr}"
        address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        yield host.check_output("docker inspect --format %s %s", address, CONTAINER)
    finally:
        host.run(f"docker rm --force {CONTAINER}")


def _wait_for(host: Target, address: str, port: int) -> None:
    deadline = time.monotonic() + 60
    while host.run("curl --silent --output /dev/null http://%s:%s/", address, str(port)).rc:
        assert time.monotonic() < deadline, f"{address}:{port} never answered on the host itself."


def test_exactly_the_doors_are_open(
    host: Target, described: Host, stranger: Stranger, forgotten: str, published: str
) -> None:
    """All 65,535 ports, while a forgotten service and a published container are running."""
    _wait_for(host, published, 80)
    assert host.run(f"timeout 5 bash -c '</dev/tcp/127.0.0.1/{FORGOTTEN}'").rc == 0
    for address in (stranger.host_ipv4, stranger.host_ipv6):
        assert stranger.open_ports(address) == _doors(described), f"Open from outside at {address}."


def test_every_address_is_guarded(
    host: Target, described: Host, stranger: Stranger, forgotten: str, published: str
) -> None:
    _wait_for(host, published, 80)
    ports = [*DOORS, FORGOTTEN, PUBLISHED, 25, 53, 111, 2375, 2376, 5355, 5432, 8000, 8080]
    doors = [(address, port) for address in stranger.addresses() for port in ports]
    # Past the publishing, too: a neighbour in the provider's network could route to it.
    beyond = [(published, 80), (published, 443)]
    reached = stranger.reaches([*doors, *beyond])
    assert reached == [door for door in doors if door[1] in _doors(described)]


def test_udp_is_as_closed(host: Target, stranger: Stranger, forgotten: str) -> None:
    script = (
        "import socket,sys\n"
        "for address in sys.argv[2:]:\n"
        "    kind = socket.AF_INET6 if ':' in address else socket.AF_INET\n"
        "    socket.socket(kind, socket.SOCK_DGRAM).sendto(b'hello', (address, int(sys.argv[1])))"
    )
    to = (str(FORGOTTEN), stranger.host_ipv4, stranger.host_ipv6)
    assert stranger.run("python3 -c %s %s %s %s", script, *to).rc == 0
    # The same from the host itself arrives, so the service does hear.
    host.run("python3 -c %s %s 127.0.0.1", script, str(FORGOTTEN))
    # What arrives, arrives at once; it only has to be written down.
    time.sleep(0.5)
    heard = host.check_output("cat %s", forgotten).split("\n")
    assert heard == ["heard from ::ffff:127.0.0.1"], "UDP from outside reaches a service."


def test_ping_is_answered(stranger: Stranger) -> None:
    for address in (stranger.host_ipv4, stranger.host_ipv6):
        done = stranger.run("ping -c 1 -W 5 %s", address)
        assert done.rc == 0, f"{address} can't be pinged, so path discovery may fail too."


def _processes(host: Target) -> Any:
    """Of each service, the process and since when it runs."""
    script = """
names = ("nginx", "webapp", "worker", "db")
states = [docker(f"/containers/{docker_id(name)}/json")["State"] for name in names]
print(json.dumps([[state["Status"], state["Pid"], state["StartedAt"]] for state in states]))
"""
    return run_python(host, DOCKER + script)


def _database_answers(host: Target, services: Services) -> bool:
    script = "import socket; socket.create_connection(('db', 5432), 10).close()"
    return bool(host.run(services.inside("webapp", "python -c %s"), script).rc == 0)


def _without_counters(ruleset: list[dict[str, Any]]) -> list[Any]:
    parts = [
        [part for part in rule["expr"] if "counter" not in part] for rule in _ours(ruleset, "rule")
    ]
    return [parts, sorted((one["name"], one["policy"]) for one in _ours(ruleset, "chain"))]


@pytest.mark.slow
def test_restarting_docker_opens_nothing(
    host: Target,
    described: Host,
    services: Services,
    stranger: Stranger,
    published: str,
    ruleset: list[dict[str, Any]],
) -> None:
    before = _processes(host)
    may_be_disturbed(host)
    restarted = host.run("systemctl restart docker.service")
    assert restarted.rc == 0, restarted.stderr
    assert _without_counters(_ruleset(host)) == _without_counters(ruleset)
    _only_the_doors(host, described, stranger, published)
    assert _processes(host) == before, "Restarting Docker's daemon interrupts the site."
    assert _database_answers(host, services), "The webapp no longer reaches its database."
    settled(host)


def test_reloading_the_firewall_breaks_nothing(
    host: Target,
    described: Host,
    services: Services,
    stranger: Stranger,
    published: str,
    ruleset: list[dict[str, Any]],
) -> None:
    may_be_disturbed(host)
    reloaded = host.run("systemctl restart freehold-firewall")
    assert reloaded.rc == 0, reloaded.stderr
    after = _ruleset(host)
    assert _without_counters(after) == _without_counters(ruleset)
    test_dockers_own_rules_are_intact(after)
    assert _database_answers(host, services), "The webapp no longer reaches its database."
    # A build needs the internet, and so its packets must be let out.
    _only_the_doors(host, described, stranger, published)


def _only_the_doors(host: Target, described: Host, stranger: Stranger, published: str) -> None:
    _wait_for(host, published, 80)
    doors = [
        (address, port)
        for address in (stranger.host_ipv4, stranger.host_ipv6)
        for port in (*DOORS, PUBLISHED, 5432)
    ]
    reached = stranger.reaches([*doors, (published, 80)])
    assert reached == [door for door in doors if door[1] in _doors(described)]


# ---- From here ----


async def _answering(address: str, ports: range | list[int]) -> set[int]:
    """The ports that accept a connection from this machine; a thousand are tried at a time."""
    turn = asyncio.Semaphore(1000)

    async def knock(port: int) -> int | None:
        async with turn:
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 2)
            except (OSError, TimeoutError):
                return None
            writer.close()
            return port

    return {port for port in await asyncio.gather(*map(knock, ports)) if port}


def test_exactly_the_doors_are_open_from_here(
    described: Host, forwarded: dict[str, int] | None
) -> None:
    """As far as this machine can see: of an emulated droplet three ports are forwarded."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    if forwarded:
        expected, tried = set(forwarded.values()), list(forwarded.values())
    else:
        expected, tried = DOORS, list(range(1, 65536))
    found = asyncio.run(_answering(described.address, tried))
    if not forwarded and ip_address(described.address).is_loopback:
        # A droplet of the emulated API: what this machine itself listens for on every address.
        found -= asyncio.run(_answering("127.255.255.254", list(found - DOORS)))
    assert found == expected


def test_containers_do_not_reach_the_providers_secrets(ruleset: list[dict[str, Any]]) -> None:
    rules = [rule["expr"] for rule in _ours(ruleset, "rule") if rule["chain"] == "forward"]
    metadata = {"prefix": {"addr": "169.254.0.0", "len": 16}}
    dropping = [
        number
        for number, parts in enumerate(rules)
        if {"drop": None} in parts
        and any(part.get("match", {}).get("right") == metadata for part in parts)
    ]
    accepting = [
        number
        for number, parts in enumerate(rules)
        if {"accept": None} in parts and "ct" not in json.dumps(parts)
    ]
    assert dropping, "A container may read the first boot's secrets from the provider."
    assert dropping[0] < min(accepting), "The rule stands where it is never asked."


def test_nor_do_nginxs_workers(host: Target) -> None:
    """They are on the host's network; the user is theirs (101), and the firewall counts the try."""
    before = _dropped_of(101, host)
    knock = "setpriv --reuid 101 --regid 101 --clear-groups timeout 2 bash -c %s"
    assert host.run(knock, "</dev/tcp/169.254.169.254/80").rc != 0
    assert _dropped_of(101, host) > before, "It was not the firewall that stopped it."


def _dropped_of(user: int, host: Target) -> int:
    """How many packets of a user's to the provider's metadata service the firewall has dropped."""
    rules = [rule for rule in _ours(_ruleset(host), "rule") if rule["chain"] == "output"]
    dropping = [rule["expr"] for rule in rules if {"drop": None} in rule["expr"]]
    (counter,) = (
        part["counter"]["packets"]
        for parts in dropping
        for part in parts
        if "counter" in part
        and {"key": "skuid"} in [m["left"].get("meta") for m in _of(parts)]
        and user in [m["right"] for m in _of(parts)]
    )
    return int(counter)


def _of(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return _matches({"expr": parts})
