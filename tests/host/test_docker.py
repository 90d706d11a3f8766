"""Docker and its containers: bounded, powerless, reachable by nobody and reaching nothing."""

import json
import re
import time
from typing import Any

import pytest
from testinfra.host import Host as Target

from tests.host.reading import DOCKER, Services, read, run_python
from tests.host.stranger import KNOCK

SERVICES = ("nginx", "webapp", "worker", "db")
# To open 80 and 443, to become another user, and to give that user its folders.
CAPABILITIES = {
    "nginx": {"CHOWN": 0, "SETGID": 6, "SETUID": 7, "NET_BIND_SERVICE": 10},
    "webapp": {},
    "worker": {},
    "db": {},
}
USERS = {"webapp": 10001, "worker": 10001, "db": 999}
MEGABYTE = 1024 * 1024

_READ = """
from pathlib import Path

found = {}
for listed in docker("/containers/json?all=1"):
    one = docker(f"/containers/{listed['Id']}/json")
    pid = one["State"]["Pid"]
    status = Path(f"/proc/{pid}/status").read_text() if pid else ""
    scope = Path(f"/sys/fs/cgroup/system.slice/docker-{one['Id']}.scope")
    # The kernel's own word: Docker's is that of a wish (AppArmorProfile).
    one["apparmor"] = ""
    try:
        one["apparmor"] = Path(f"/proc/{pid}/attr/apparmor/current").read_text().strip("\\0\\n")
    except OSError:
        pass
    mounts = Path(f"/proc/{pid}/mountinfo").read_text() if pid else ""
    one["mounted"] = [line.split()[4] for line in mounts.splitlines()]
    one["status"] = dict(line.split(":", 1) for line in status.splitlines())
    one["limits"] = {
        name: (scope / name).read_text().strip()
        for name in ("memory.max", "memory.swap.max", "pids.max") if scope.is_dir()
    }
    one["core"] = [
        line.split()[4:6] for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
        if line.startswith("Max core file size")
    ] if pid else []
    # By its service, whose container each redeploy makes anew; a second one by its name. That may
    # stand by for a rollback, and no boot starts it.
    service = one["Config"]["Labels"].get("com.docker.compose.service")
    first = service not in found and one["HostConfig"]["RestartPolicy"]["Name"] != "no"
    found[service if service and first else one["Name"].lstrip("/")] = one
networks = [docker(f"/networks/{one['Id']}") for one in docker("/networks")]
print(json.dumps({
    "containers": found,
    "info": docker("/info"),
    "networks": {one["Name"]: one for one in networks},
}))
"""


@pytest.fixture(scope="session")
def docker(host: Target) -> dict[str, Any]:
    """What the daemon says of itself and its containers, and what the kernel says of these."""
    found: dict[str, Any] = run_python(host, DOCKER + _READ)
    return found


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    """Each service's name."""
    name: str = request.param
    return name


@pytest.fixture
def container(docker: dict[str, Any], service: str) -> dict[str, Any]:
    """Each service's container."""
    found: dict[str, Any] | None = docker["containers"].get(service)
    assert found, f"There is no {service}. Mend: make deploy"
    return found


# ---- The daemon ----


def test_the_daemon_is_bounded_and_hardened(docker: dict[str, Any]) -> None:
    info = docker["info"]
    assert info["LiveRestoreEnabled"], "An update of Docker interrupts the site."
    assert info["LoggingDriver"] == "journald", "A container's log fills the disk."
    assert "name=no-new-privileges" in info["SecurityOptions"]
    assert any(option.startswith("name=seccomp") for option in info["SecurityOptions"])
    assert info["CgroupVersion"] == "2"
    assert info["Swarm"]["LocalNodeState"] == "inactive"
    major = int(info["ServerVersion"].split(".")[0])
    assert major >= 26, "Older engines let a network that leads nowhere look up names."
    assert not info["Warnings"]


def test_the_default_network_is_closed_between_containers(docker: dict[str, Any]) -> None:
    bridge = docker["networks"]["bridge"]
    assert bridge["Options"]["com.docker.network.bridge.enable_icc"] == "false"
    assert bridge["EnableIPv6"], "A container is reached over IPv6 by other rules than ours."


def test_the_daemon_cannot_be_asked_from_elsewhere(host: Target) -> None:
    facts = read(
        host,
        {
            "socket": "stat -c '%a %U %G' /run/docker.sock",
            "group": "getent group docker",
            "daemon": "tr '\\0' ' ' </proc/$(cat /run/docker.pid)/cmdline",
            "file": "stat -c '%a %U' /etc/docker/daemon.json",
            "units": "for asked in enabled active; do systemctl is-$asked"
            " docker.service containerd.service freehold-prune-images.timer; done",
            "next": "systemctl show freehold-prune-images.timer --value"
            " --property=NextElapseUSecRealtime,Persistent",
            "prune": "test -x /usr/local/sbin/freehold-prune-images && echo executable",
        },
    )
    assert facts["socket"] == "660 root docker"
    assert facts["group"].endswith(":"), "Whoever is in the group docker is root."
    assert "tcp://" not in facts["daemon"], "Docker's API listens on a port."
    assert facts["file"] == "644 root"
    wanted = ["enabled"] * 3 + ["active"] * 3
    assert facts["units"].split() == wanted, "Not all of it starts with the machine."
    assert "yes" in facts["next"].split(), "A machine that was off never cleans its images."
    assert len(facts["next"].splitlines()) == 2, "The weekly clean-up has no next time."
    assert facts["prune"] == "executable"


# ---- Each container ----


def test_no_container_that_nobody_asked_for(host: Target, docker: dict[str, Any]) -> None:
    containers = docker["containers"]
    ours = {name for name in containers if not name.startswith("freehold-test-")}
    # For an hour after a deploy the version before stands by.
    waiting = [name for name in ours if re.fullmatch(r"freehold-(webapp|worker)-\d+", name)]
    assert ours - set(waiting) == set(SERVICES)
    assert len(waiting) <= 2
    for name in waiting:
        assert containers[name]["HostConfig"]["RestartPolicy"]["Name"] == "no", name
        assert host.service("freehold-standby.timer").is_running, "Nothing ends it."


def test_it_runs_well_and_starts_again(host: Target, container: dict[str, Any]) -> None:
    assert container["State"]["Status"] == "running"
    # After a boot, or a restart of the daemon, the first check may still be under way.
    deadline = time.monotonic() + 90
    ask = f"{DOCKER}print(json.dumps(docker('/containers/{container['Id']}/json')['State']))"
    while (health := run_python(host, ask)["Health"])["Status"] != "healthy":
        assert time.monotonic() < deadline, f"It is not well: {health['Log'][-1:]}"
        time.sleep(1)
    assert not container["State"]["OOMKilled"], "It needed more memory than it may have."
    assert container["HostConfig"]["RestartPolicy"]["Name"] in {"unless-stopped", "always"}
    # What Docker remembers of it; after a signal by `docker kill` it is not started at a boot.
    remembered = host.run(f"cat /var/lib/docker/containers/{container['Id']}/config.v2.json").stdout
    assert not json.loads(remembered)["HasBeenManuallyStopped"], "A boot would not start it again."
    assert container["Config"]["Healthcheck"]["Test"][0] in {"CMD", "CMD-SHELL"}


def test_its_image_is_pinned(container: dict[str, Any]) -> None:
    image = container["Config"]["Image"]
    pinned = re.search(r":(\d+\.\d+(\.\d+)?|[0-9a-f]{12})(@sha256:[0-9a-f]{64})?$", image)
    assert pinned, f"{image} is another program tomorrow."


def test_its_memory_and_processes_are_bounded(container: dict[str, Any]) -> None:
    memory, processes = (container["HostConfig"][key] for key in ("Memory", "PidsLimit"))
    assert 0 < memory <= 256 * MEGABYTE
    assert 0 < processes <= 100
    in_force = {"memory.max": str(memory), "pids.max": str(processes)}
    limits = container["limits"]
    assert {name: limits[name] for name in in_force} == in_force, "The kernel's limits differ."


def test_no_address_reaches_the_swap_file_or_a_core_dump(
    service: str, container: dict[str, Any]
) -> None:
    # Also after systemd was reloaded, which a deploy does: it writes what it knows of anew.
    swap = container["limits"]["memory.swap.max"]
    assert swap == "0" or service in {"worker", "db"}, "It sees visitors' addresses."
    assert container["core"] == [["0", "0"]]


def test_all_together_fit_a_small_machine(docker: dict[str, Any]) -> None:
    limits = [docker["containers"][name]["HostConfig"]["Memory"] for name in SERVICES]
    assert sum(limits) <= 460 * MEGABYTE, "At their limits they do not fit into 512 MB."


def test_its_files_are_bounded_and_the_site_comes_first(
    docker: dict[str, Any], container: dict[str, Any], host: Target
) -> None:
    limits = host.check_output(f"cat /proc/{container['State']['Pid']}/limits")
    files = re.search(r"^Max open files\s+(\d+)\s+(\d+)", limits, re.MULTILINE)
    assert files
    assert int(files[2]) <= 65536, "It may have any number of files and sockets open."
    shares = {name: docker["containers"][name]["HostConfig"]["CpuShares"] for name in SERVICES}
    assert all(shares.values())
    assert max(shares, key=lambda name: shares[name]) == "nginx"


def test_its_log_is_bounded(container: dict[str, Any]) -> None:
    """As the journal is (test_base.py)."""
    assert container["HostConfig"]["LogConfig"]["Type"] == "journald"


def test_its_file_system_is_read_only(container: dict[str, Any]) -> None:
    assert container["HostConfig"]["ReadonlyRootfs"]


def test_it_has_no_power(container: dict[str, Any], service: str) -> None:
    settings = container["HostConfig"]
    assert settings["CapDrop"] == ["ALL"]
    added = {name.removeprefix("CAP_") for name in settings["CapAdd"] or []}
    assert added == set(CAPABILITIES[service])
    assert "no-new-privileges:true" in settings["SecurityOpt"]
    assert not settings["Privileged"]
    assert not settings["Devices"]
    assert not settings["DeviceCgroupRules"]
    own = {key: settings[key] for key in ("PidMode", "UTSMode", "CgroupnsMode", "IpcMode")}
    assert own == {"PidMode": "", "UTSMode": "", "CgroupnsMode": "private", "IpcMode": "private"}


def test_the_kernel_holds_it_to_that(container: dict[str, Any], service: str) -> None:
    status = {name: value.strip() for name, value in container["status"].items()}
    mask = sum(1 << bit for bit in CAPABILITIES[service].values())
    assert int(status["CapBnd"], 16) == mask
    assert int(status["CapEff"], 16) == mask
    assert int(status["CapInh"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2", "It may ask the kernel for anything."
    assert container["apparmor"] == "docker-default (enforce)", (
        "AppArmor does not confine it. Mend: make deploy, then a reboot"
    )
    if service in USERS:
        users = {int(user) for user in status["Uid"].split()}
        assert users == {USERS[service]}, "It runs as root or another user than its own."


def test_nginx_answers_visitors_as_a_user_without_power(
    host: Target, docker: dict[str, Any]
) -> None:
    script = """
import json, sys
from pathlib import Path
children = Path(f"/proc/{sys.argv[1]}/task/{sys.argv[1]}/children").read_text().split()
keys = ("Uid", "Gid", "Groups", "CapEff", "CapPrm")
print(json.dumps([
    {
        key: value.split() for key, _, value in
        (line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        if key in keys
    }
    for pid in children if b"worker process" in Path(f"/proc/{pid}/cmdline").read_bytes()
]))
"""
    master = docker["containers"]["nginx"]["State"]["Pid"]
    workers = run_python(host, script, str(master))
    assert workers, "nginx has no worker."
    for worker in workers:
        assert set(worker["Uid"]) == {"101"}
        assert set(worker["Gid"]) == {"101"}
        assert {int(worker[key][0], 16) for key in ("CapEff", "CapPrm")} == {0}


def test_docker_publishes_no_port(container: dict[str, Any]) -> None:
    assert not container["HostConfig"]["PortBindings"]
    assert not container["HostConfig"]["PublishAllPorts"]
    published = [ports for ports in container["NetworkSettings"]["Ports"].values() if ports]
    assert not published, "Docker publishes a port past the input chain of the firewall."


MAY_WRITE = {
    "nginx": set(),
    "webapp": {"/run/freehold/webapp", "/run/freehold/keys", "/var/lib/analytics/spool"},
    "worker": {"/run/freehold/keys", "/var/lib/analytics/spool"},
    "db": {"/var/lib/postgresql/data"},
}


def test_it_sees_of_the_host_what_it_needs(container: dict[str, Any], service: str) -> None:
    writable = {mount["Destination"] for mount in container["Mounts"] if mount["RW"]}
    assert writable == MAY_WRITE[service]
    sources = {mount["Source"] for mount in container["Mounts"] if mount["Type"] == "bind"}
    ours = ("/etc/freehold/", "/opt/freehold/", "/run/freehold", "/srv/www", "/var/lib/freehold/")
    foreign = {path for path in sources if not path.startswith(ours)}
    assert not foreign, "It sees a folder of the host that is none of its business."
    assert not any("docker.sock" in path for path in sources), "It commands Docker, so it is root."
    # Below another folder a mount comes along, whatever Docker lists.
    keys = "/run/freehold/keys" in container["mounted"]
    assert keys == ("/run/freehold/keys" in MAY_WRITE[service]), "It can link an address to visits."


# ---- Networks ----


def test_networks(docker: dict[str, Any]) -> None:
    containers = docker["containers"]
    network_of = {name: set(containers[name]["NetworkSettings"]["Networks"]) for name in SERVICES}
    assert network_of == {
        "nginx": {"host"},
        "webapp": {"freehold_internal"},
        "worker": {"freehold_internal"},
        "db": {"freehold_internal"},
    }
    internal = docker["networks"]["freehold_internal"]
    assert internal["Internal"]
    names = {one["Name"].rpartition("-")[0] for one in internal["Containers"].values()}
    assert names == {"freehold-webapp", "freehold-worker", "freehold-db"}


@pytest.mark.parametrize("service", ["webapp", "worker", "db"])
def test_it_reaches_nothing_beyond_its_network(
    host: Target, docker: dict[str, Any], service: str
) -> None:
    """From within its network namespace, with the host's Python: no image brings the tools."""
    pid = docker["containers"][service]["State"]["Pid"]
    network = docker["networks"]["freehold_internal"]
    ours = host.check_output("ip -json address show scope global")
    addresses = {
        address["local"]
        for link in json.loads(ours)
        for address in link["addr_info"]
        if "local" in address
    } | {one["Gateway"] for one in network["IPAM"]["Config"] if "Gateway" in one}
    doors = [(address, port) for address in sorted(addresses) for port in (22, 80, 443, 5355)]
    doors += [
        ("1.1.1.1", 443),
        ("9.9.9.9", 53),
        ("2606:4700:4700::1111", 443),
        ("169.254.169.254", 80),
    ]
    database = docker["containers"]["db"]["NetworkSettings"]["Networks"]
    known = (database["freehold_internal"]["IPAddress"], 5432)
    done = host.run(
        f"nsenter --net --target {pid} sh -c %s sh %s %s",
        'ip route show default; ip -6 route show default; exec python3 -c "$1" "$2"',
        KNOCK,
        json.dumps([known, *doors]),
    )
    assert done.rc == 0, done.stderr
    *routes, reached = done.stdout.splitlines()
    assert routes == [], "It has a way out."
    open_doors = [[known, *doors][number] for number in json.loads(reached)]
    assert known in open_doors, "The database itself can't be reached, so this proves nothing."
    assert open_doors == [known], "A service that is broken into attacks the host from within."


def test_between_them_only_the_database_is_spoken_with(
    host: Target, docker: dict[str, Any]
) -> None:
    """Also should one of them listen: a door is opened in each, and the others try it."""
    script = """
import os, socket, sys
pids, addresses = json.loads(sys.argv[1])

def enter(pid):
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    os.setns(network, os.CLONE_NEWNET)
    os.close(network)

def reached(address, port):
    try:
        socket.create_connection((address, port), 2).close()
        return True
    except OSError:
        return False

doors = {}
for name, pid in pids.items():
    enter(pid)
    doors[name] = socket.create_server(("0.0.0.0", 0))
found = []
for name, pid in pids.items():
    enter(pid)
    for other in pids:
        port = doors[other].getsockname()[1]
        if other != name and reached(addresses[other], port):
            found.append([name, other, port])
    if name != "db" and reached(addresses["db"], 5432):
        found.append([name, "the database"])
print(json.dumps(found))
"""
    inside = ("webapp", "worker", "db")
    states = {name: docker["containers"][name] for name in inside}
    pids = {name: one["State"]["Pid"] for name, one in states.items()}
    addresses = {
        name: one["NetworkSettings"]["Networks"]["freehold_internal"]["IPAddress"]
        for name, one in states.items()
    }
    found = run_python(host, "import json" + script, json.dumps([pids, addresses]))
    assert found == [["webapp", "the database"], ["worker", "the database"]]


def test_no_name_leads_out(host: Target, services: Services) -> None:
    """What can look up names can tell secrets to whoever answers for them."""
    script = (
        "import socket, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try: print(socket.getaddrinfo(name, 80)[0][4][0])\n"
        "    except OSError: print('unknown')"
    )
    ask = services.inside("webapp", "python -c %s db www.debian.org")
    database, elsewhere = host.check_output(ask, script).split()
    assert database != "unknown", "The webapp can't find its database."
    assert elsewhere == "unknown"
