"""Docker's daemon, images and containers, by the numbers of the CIS Docker Benchmark.

docker-bench-security checks the same list, but is in no package that could be had by its hash. So
this is a reading of our own of what its automated checks ask (audit/docker_rules.py).
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from audit.docker_rules import CONTAINER, DAEMON, IMAGE, Rule
from audit.finding import Finding, Outcome
from audit.target import Target
from tests.host.reading import DOCKER

# Of what does not run nothing is seen, which must not read as if all were well.
_SERVICES = ("db", "nginx", "webapp", "worker")
_FILES = {
    "/etc/docker": 0o755,
    "/etc/docker/daemon.json": 0o644,
    "/usr/lib/systemd/system/docker.service": 0o644,
    "/usr/lib/systemd/system/docker.socket": 0o644,
    "/run/docker.sock": 0o660,
    "/run/containerd/containerd.sock": 0o660,
}
_READ = (
    DOCKER
    + """
import os, stat, sys
files = json.loads(sys.argv[1])
def loose(path, allowed):
    try:
        seen = os.stat(path)
    except FileNotFoundError:
        return False
    return seen.st_uid != 0 or stat.S_IMODE(seen.st_mode) & ~allowed != 0
try:
    settings = json.load(open("/etc/docker/daemon.json"))
except FileNotFoundError:
    settings = {}
def confinement(pid):
    try:
        return open(f"/proc/{pid}/attr/apparmor/current").read().strip("\\0\\n")
    except OSError:
        return ""
containers = [docker(f"/containers/{one['Id']}/json") for one in docker("/containers/json")]
for one in containers:
    one["Confinement"] = confinement(one["State"]["Pid"])
images = {one["Config"]["Image"]: docker(f"/images/{one['Image']}/json") for one in containers}
print(json.dumps({
    "daemon": {
        "settings": settings,
        "info": docker("/info"),
        "partition": os.path.ismount("/var/lib/docker"),
        "auditd": os.path.exists("/run/auditd.pid"),
        "loose": [path for path, allowed in files.items() if loose(path, allowed)],
        "content_trust": os.environ.get("DOCKER_CONTENT_TRUST") == "1",
    },
    "images": images,
    "containers": {one["Name"].lstrip("/"): one for one in containers},
}))
"""
)


def _broken(rules: Iterable[Rule], what: str, seen: Any) -> list[Finding]:  # noqa: ANN401 - JSON
    return [
        Finding(f"{rule.id} {what}", f"not so: {rule.asks}")
        for rule in rules
        if not rule.holds(seen)
    ]


def findings(read: dict[str, Any]) -> list[Finding]:
    """Each check that fails, for the daemon, each image and each container."""
    found = _broken(DAEMON, "daemon", read["daemon"])
    for name, image in read["images"].items():
        # Without the version, which changes.
        found += _broken(IMAGE, name.partition(":")[0], image)
    # Each redeploy raises the number.
    named = (re.fullmatch(r"freehold-([a-z]+)-\d+", name) for name in read["containers"])
    running = {found[0]: found[1] for found in named if found}
    for service in sorted(set(_SERVICES) - set(running.values())):
        found.append(Finding(f"missing {service}", "it does not run, so nothing was seen of it"))
    for name, container in read["containers"].items():
        service = running.get(name, name)
        found += _broken(CONTAINER, service, container)
    return found


def run(target: Target) -> Outcome:
    """Ask the daemon on its socket."""
    read = json.loads(target.ask("python3 -c %s %s", _READ, json.dumps(_FILES)))
    version = read["daemon"]["info"]["ServerVersion"]
    return Outcome(
        version="1.6",
        command="a reading of our own of Docker's API, audit/docker_rules.py",
        headline=f"Docker {version}, {len(read['containers'])} containers",
        findings=findings(read),
    )
