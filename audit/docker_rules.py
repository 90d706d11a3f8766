"""The automated checks of the CIS Docker Benchmark 1.6 that bear on this host, by its numbers.

Those that a person has to answer (its "manual" ones) and those of Swarm are not here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
# What Docker gives a container of itself. All else widens it.
_USUAL = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_RAW"),
    *("NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
_SENSITIVE = ("/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr")


@dataclass(frozen=True)
class Rule:
    """`holds` gets what the benchmark looks at: the daemon's settings, an image or a container."""

    id: str
    asks: str
    holds: Callable[[Any], bool]


def _sets(option: str, value: object) -> Callable[[Json], bool]:
    return lambda daemon: daemon["settings"].get(option) == value


def _leaves(option: str) -> Callable[[Json], bool]:
    return lambda daemon: not daemon["settings"].get(option)


def _says(option: str) -> Callable[[Json], bool]:
    return lambda daemon: bool(daemon["settings"].get(option))


# `settings` is daemon.json, `info` what the daemon says of itself, `modes` those of its files.
DAEMON = [
    Rule("1.1.1", "containers have a partition of their own", lambda d: bool(d["partition"])),
    Rule("1.1.3-18", "auditd watches Docker's files", lambda d: bool(d["auditd"])),
    Rule("2.2", "containers on the default bridge can't reach each other", _sets("icc", False)),
    Rule(
        "2.3",
        "the daemon's log level is info",
        lambda d: d["settings"].get("log-level", "info") == "info",
    ),
    Rule("2.4", "the daemon may set its rules", lambda d: d["settings"].get("iptables", True)),
    Rule("2.5", "no insecure registries", _leaves("insecure-registries")),
    Rule("2.6", "not the driver aufs", lambda d: d["info"]["Driver"] != "aufs"),
    Rule("2.7", "the daemon listens on no TCP port without TLS", _leaves("hosts")),
    Rule("2.9", "user namespaces", _says("userns-remap")),
    Rule("2.10", "the default cgroup", _leaves("cgroup-parent")),
    Rule("2.11", "the default base device size", _leaves("storage-opts")),
    Rule("2.12", "a plugin decides which commands are allowed", _says("authorization-plugins")),
    Rule(
        "2.13",
        "logs go to a central place elsewhere",
        lambda d: d["info"]["LoggingDriver"] not in ("local", "json-file", "journald"),
    ),
    Rule("2.14", "no new privileges, for every container", _sets("no-new-privileges", True)),
    Rule("2.15", "containers outlive the daemon", _sets("live-restore", True)),
    Rule("2.16", "no proxy in user space", _sets("userland-proxy", False)),
    Rule("2.18", "no experimental features", lambda d: not d["info"]["ExperimentalBuild"]),
    Rule("3", "only root may change Docker's files", lambda d: not d["loose"]),
    Rule("4.5", "content trust", lambda d: bool(d["content_trust"])),
    Rule(
        "5.1",
        "no swarm",
        lambda d: d["info"].get("Swarm", {}).get("LocalNodeState", "inactive") == "inactive",
    ),
]

IMAGE = [
    Rule("4.6", "the image has a HEALTHCHECK", lambda i: bool(i["Config"].get("Healthcheck"))),
]


def _added(container: Json) -> set[str]:
    named = container["HostConfig"].get("CapAdd") or []
    return {name.upper().removeprefix("CAP_") for name in named}


def _published(container: Json) -> list[Json]:
    ports = container["NetworkSettings"]["Ports"] or {}
    return [door for doors in ports.values() for door in doors or []]


def _mounts(container: Json) -> list[Json]:
    return container["Mounts"] or []


def _options(container: Json) -> list[str]:
    return container["HostConfig"].get("SecurityOpt") or []


def _host(name: str, value: str = "host") -> Callable[[Json], bool]:
    return lambda container: container["HostConfig"].get(name) != value


def _limited(name: str) -> Callable[[Json], bool]:
    return lambda container: (container["HostConfig"].get(name) or 0) > 0


CONTAINER = [
    Rule("4.1", "it runs as a user of its own", lambda c: c["Config"].get("User") not in ("", "0")),
    Rule(
        "5.2",
        "AppArmor confines it",
        # As the kernel says: Docker names a profile also where it could not load it.
        lambda c: c["Confinement"].endswith(" (enforce)"),
    ),
    Rule("5.3", "its security options are set", lambda c: bool(_options(c))),
    Rule("5.4", "it has no further capabilities", lambda c: _added(c) <= _USUAL),
    Rule("5.5", "it is not privileged", lambda c: not c["HostConfig"]["Privileged"]),
    Rule(
        "5.6",
        "no folder of the system is mounted writable",
        lambda c: not any(m.get("RW") and m["Source"] in _SENSITIVE for m in _mounts(c)),
    ),
    Rule(
        "5.8",
        "it publishes no port below 1024",
        lambda c: all(int(door["HostPort"]) >= 1024 for door in _published(c)),
    ),
    Rule("5.10", "it has a network of its own", _host("NetworkMode")),
    Rule("5.11", "its memory is limited", _limited("Memory")),
    Rule("5.12", "its share of the processor is set", _limited("CpuShares")),
    Rule("5.13", "its root file system is read-only", lambda c: c["HostConfig"]["ReadonlyRootfs"]),
    Rule(
        "5.14",
        "its ports are bound to one interface",
        lambda c: all(door["HostIp"] not in ("", "0.0.0.0", "::") for door in _published(c)),  # noqa: S104 - compared with, not bound to
    ),
    Rule(
        "5.15",
        "it is restarted at most five times",
        lambda c: (
            c["HostConfig"]["RestartPolicy"]["Name"] == "on-failure"
            and c["HostConfig"]["RestartPolicy"]["MaximumRetryCount"] <= 5
        ),
    ),
    Rule("5.16", "it does not see the host's processes", _host("PidMode")),
    Rule("5.17", "it does not share the host's memory", _host("IpcMode")),
    Rule("5.18", "it has no device", lambda c: not c["HostConfig"].get("Devices")),
    Rule(
        "5.20",
        "no mount is propagated",
        lambda c: all(m.get("Propagation") != "shared" for m in _mounts(c)),
    ),
    Rule("5.21", "it has a host name of its own", _host("UTSMode")),
    Rule("5.22", "seccomp confines it", lambda c: "seccomp=unconfined" not in _options(c)),
    Rule("5.25", "it is in the daemon's cgroup", lambda c: not c["HostConfig"].get("CgroupParent")),
    Rule(
        "5.26",
        "it can't gain privileges",
        lambda c: any(one.startswith("no-new-privileges") for one in _options(c)),
    ),
    Rule("5.27", "its health is checked", lambda c: "Health" in c["State"]),
    Rule("5.29", "its processes are limited", _limited("PidsLimit")),
    Rule("5.30", "it is not on the default bridge", lambda c: "bridge" not in _networks(c)),
    Rule("5.31", "it is not in the host's user namespace", _host("UsernsMode")),
    Rule(
        "5.32",
        "Docker's socket is not mounted",
        lambda c: all(not m["Source"].endswith("docker.sock") for m in _mounts(c)),
    ),
]


def _networks(container: Json) -> Json:
    networks: Json = container["NetworkSettings"]["Networks"]
    return networks
