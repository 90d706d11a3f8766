"""How long a deploy takes and what the services need: from bare to serving, a second run, and a
reader who is seen.

Run by `make bench`, on a fresh emulated droplet of its own; writes benchmarks/results/deploy.md.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import result
from benchmarks.seen import seen
from emulator import Droplet, current
from emulator.errors import EmulatorError

PROJECT = Path(__file__).parents[1]
COMMAND = ["inventory.py", "deploy.py", "-y", "-vv", "--limit", "emulated"]


def timed_run(*arguments: str) -> tuple[dict[str, float], int, int]:
    """Deploy once: seconds by concern, operations, and commands that went over SSH."""
    pyinfra = str(Path(sys.executable).with_name("pyinfra"))
    seconds: dict[str, float] = {}
    operations = commands = 0
    concern, since = "Connect and prepare", time.monotonic()
    with subprocess.Popen(
        [pyinfra, *COMMAND, *arguments],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr  # noqa: S101 - a pipe was asked for
        for line in running.stderr:
            commands += "] >>> " in line
            started = re.search(r"Starting operation: (\w+) \|", line)
            if started or "--> Results" in line:
                now = time.monotonic()
                seconds[concern] = seconds.get(concern, 0) + now - since
                since = now
            if started:
                operations += 1
                concern = started[1]
                print(line.strip(), flush=True)
    if running.returncode:
        sys.exit("The deploy failed: see what it says by hand, with make deploy")
    return seconds, operations, commands


# `docker stats` subtracts of a container's memory only the cached pages of files that were read
# once. All of them go when memory is short, but for those that are mapped, as libraries are.
# https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
_MEMORY = """
for id in $(docker ps --quiet --no-trunc); do
  group=/sys/fs/cgroup/system.slice/docker-$id.scope
  docker inspect --format '{{.Name}}' $id
  awk -v all=$(cat $group/memory.current) '{v[$1] = $2}
    END {print all - v["inactive_file"], v["anon"] + v["kernel"] + v["file_mapped"]}' \
    $group/memory.stat
done
"""


def _memory(droplet: Droplet) -> dict[str, tuple[float, float]]:
    """MiB by container: what `docker stats` says, and what is left without files' cache."""
    lines = droplet.run(_MEMORY).split()
    return {
        name.strip("/"): (int(used) / 2**20, int(needed) / 2**20)
        for name, used, needed in zip(*[iter(lines)] * 3, strict=True)
    }


def _figures(droplet: Droplet) -> list[str]:
    first, _, _ = timed_run()
    second, operations, commands = timed_run()
    # An idle service is measured when its start is a while ago.
    time.sleep(30)
    memory = _memory(droplet)
    total, needed = (sum(column) for column in zip(*memory.values(), strict=True))
    disk = droplet.run("df --output=used --block-size=1M / | tail -n 1").strip()
    readers = seen(droplet)
    return [
        "| from bare to serving | seconds |",
        "|---|---|",
        *(f"| {name} | {took:.0f} |" for name, took in first.items()),
        f"| **total** | **{sum(first.values()):.0f}** |",
        "",
        "| the second run | |",
        "|---|---|",
        f"| seconds | {sum(second.values()):.0f} |",
        f"| operations | {operations} |",
        f"| commands over SSH | {commands} ({commands / operations:.2f} an operation) |",
        "",
        "| memory of each service, idle, MiB | `docker stats` | without files' cache |",
        "|---|---|---|",
        *(f"| {name} | {one:.0f} | {two:.0f} |" for name, (one, two) in sorted(memory.items())),
        f"| **sum** | **{total:.0f}** | **{needed:.0f}** |",
        "",
        f"Disk used, system and swap file included: {disk} MB.",
        "",
        "| a reader's event was answered; until the country is on the dashboard | seconds |",
        "|---|---|",
        *(f"| {country} | {took:.1f} |" for country, took in readers.items()),
    ]


def main() -> None:
    """Measure on a fresh droplet, print, and keep."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    # Never the owner's own, which `make up` made.
    os.environ["FREEHOLD_EMULATOR"] = str(PROJECT / ".cache" / "bench-droplet")
    droplet = current()
    droplet.destroy()
    try:
        droplet.up()
        lines = _figures(droplet)
        circumstances = result.on_a_droplet(droplet)
    except EmulatorError as error:
        sys.exit(f"emulator: {error}")
    finally:
        droplet.destroy()
    result.write("deploy", "A deploy, measured", "make bench", circumstances, lines)


if __name__ == "__main__":
    main()
