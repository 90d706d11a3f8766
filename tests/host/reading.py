"""Reading much of a host at once: a round trip to a small or emulated one is dear."""

import json
import time
from typing import Any, ClassVar

from testinfra.host import Host as Target

_MARK = "@@@ "


def read(host: Target, commands: dict[str, str]) -> dict[str, str]:
    """What each command prints, errors included, by its name; all in one round trip."""
    script = "\n".join(
        f"echo; echo '{_MARK}{name}'; {{ {command}\n}} 2>&1" for name, command in commands.items()
    )
    output: str = host.run(script).stdout
    parts = ("\n" + output).split(f"\n{_MARK}")[1:]
    found = {name: text.strip("\n") for name, _, text in (part.partition("\n") for part in parts)}
    assert found.keys() == commands.keys(), f"The host answered in part only: {output[-500:]}"
    return found


def run_python(host: Target, script: str, *arguments: str) -> Any:
    """What a script, run by the host's own Python as root, prints as JSON."""
    done = host.run("python3 -c %s" + " %s" * len(arguments), script, *arguments)
    assert done.rc == 0, f"Reading the host failed: {done.stderr[-2000:]}"
    return json.loads(done.stdout)


# The lock names sshd's process for the deploy's connection, and when that was started.
HOLDER = """read -r pid start who <{lock} &&
[ "$(awk '{{print $22}}' /proc/$pid/stat)" = "$start" ] && echo "$who" """


# What our timers have started, and would fail at.
AT_WORK = "systemctl list-units --no-legend --state=activating 'freehold-*.service' | grep ."
STARTING = "docker ps --quiet --filter health=starting | grep ."


def may_be_disturbed(host: Target) -> None:
    """Called before anything that disturbs the host for a moment, like a restart of Docker.

    A deploy is not waited for; a backup, or other work of the hour, is.
    """
    holder = host.run(HOLDER.format(lock="/run/freehold-deploy")).stdout.strip()
    assert not holder, f"A deploy is running, so this was not tried. Wait for it: {holder}"
    _until_not(host, AT_WORK, 900)


def settled(host: Target) -> None:
    """Called after a restart of Docker, which asks all containers anew whether they are healthy."""
    _until_not(host, STARTING, 300)


def _until_not(host: Target, says: str, seconds: int) -> None:
    waiting = f"timeout {seconds} sh -c %s"
    done = host.run(waiting, f"while {says} >/dev/null; do sleep 3; done")
    assert done.rc == 0, host.run(says).stdout


# Go's command-line tools take a second to start on a slow machine; Docker's API does not.
DOCKER = """
import http.client, json, socket

class Docker(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/docker.sock")

def docker_text(path):
    connection = Docker("docker")
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    assert answer.status == 200, (path, text)
    return text

def docker(path):
    return json.loads(docker_text(path))

def docker_id(service):
    # A container's name ends in a number that each redeploy raises.
    ids = [one["Id"] for one in docker("/containers/json?all=1")
           if one["Labels"].get("com.docker.compose.service") == service]
    if len(ids) > 1:
        # One that no boot starts stands by for a rollback.
        policies = {id: docker(f"/containers/{id}/json")["HostConfig"] for id in ids}
        ids = [id for id in ids if policies[id]["RestartPolicy"]["Name"] != "no"]
    assert len(ids) == 1, (service, ids)
    return ids[0]
"""


class Services:
    """The services' containers, entered by way of the kernel: `docker exec` takes seconds."""

    _USERS: ClassVar = {"webapp": 10001, "db": 999}

    def __init__(self, host: Target) -> None:
        asked = [f"docker('/containers/' + docker_id('{name}') + '/json')" for name in self._USERS]
        script = f"""{DOCKER}
def path(container):
    return next(one for one in container["Config"]["Env"] if one.startswith("PATH="))

print(json.dumps([[one["State"]["Pid"], path(one)] for one in [{",".join(asked)}]]))
"""
        found = run_python(host, script)
        self.pids = {name: pid for name, (pid, _) in zip(self._USERS, found, strict=True)}
        # nsenter's --env gives nothing when a process has 1023 bytes of it (util-linux 2.41).
        self.enter = {
            name: f"/usr/bin/env {path} /usr/bin/nsenter --target {pid} --mount"
            for name, (pid, path) in zip(self._USERS, found, strict=True)
        }

    def inside(self, service: str, command: str) -> str:
        """`command` such that it runs in the service's container, as its user."""
        user = self._USERS[service]
        inside = f"{self.enter[service]} --net --pid --ipc --uts"
        return f"{inside} --setuid {user} --setgid {user} {command}"

    def psql(self, *queries: str) -> str:
        """A command that prints what the database answers, a line a row, `|` between columns."""
        given = " ".join(f'-c "{query}"' for query in queries)
        return self.inside("db", f'psql -U analytics -d analytics -AtqF "|" {given}')

    def forget(self, pages: str) -> str:
        """A command that deletes what was counted of pages whose path begins so."""
        of_pages = f"(SELECT id FROM texts WHERE text LIKE '{pages}%')"
        return self.psql(
            "INSERT INTO stale_days SELECT DISTINCT site, day FROM daily"
            f" WHERE dimension = 20 AND value IN {of_pages} ON CONFLICT DO NOTHING",
            f"DELETE FROM visits WHERE entry IN {of_pages}",
            f"DELETE FROM events WHERE path IN {of_pages}",
        )


def stored(host: Target, command: str, lines: int) -> list[str]:
    """The lines that `command` prints, as soon as they are so many, or after half a minute."""
    deadline = time.monotonic() + 30
    while True:
        found: list[str] = host.check_output(command).splitlines()
        if len(found) >= lines or time.monotonic() > deadline:
            return found
        time.sleep(1)
