"""Give the droplet up: say what will be gone and where the last backup is, and ask for its name.

Exit code 0: it is gone. 1: nothing was removed, or not all; the same command goes on.
"""

import argparse
import json
import subprocess
import sys

from commands.backup import PROGRAM
from commands.confirm import typed
from commands.hosts import hosts
from commands.with_cloud import with_cloud
from digitalocean.cloud import Cloud
from digitalocean.removal import gone
from digitalocean.staying import staying
from settings.model import Settings


def last_backup(settings: Settings) -> str:
    """Where the last backup is, as the host itself has it."""
    place = settings.backup_repository
    if not place:
        return "There is NO backup: no backup_repository is described. All counts will be lost."
    try:
        host = next(one for one in hosts() if one.name == settings.droplet_name)
        asked = subprocess.run(
            host.ssh(PROGRAM, "list", "--json"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        stamps = [str(one["stamp"]) for one in json.loads(asked.stdout)]
    except (StopIteration, SystemExit, ValueError, OSError, subprocess.SubprocessError):
        return f"Backups are in {place}; which is the last, the droplet could not say."
    if not stamps:
        return f"There is NO backup in {place} yet. Make one first: make backup"
    newest = max(stamps)
    return f"The last backup is {newest}, in {place}. Its key: {settings.backup_key_file}"


def destroy(cloud: Cloud, settings: Settings) -> int:
    """Say, ask, remove."""
    going = gone(cloud, settings)
    if not going:
        print(f"There is nothing of {settings.droplet_name} at Digital Ocean.")
        return 0
    print("This will be gone, for good:")
    for one in going:
        print(f"  {one.sentence}")
    print("This will stay:")
    for sentence in staying(cloud, settings):
        print(f"  {sentence}")
    print(last_backup(settings), flush=True)
    if not typed(settings.droplet_name):
        print("Nothing was removed.")
        return 1
    for one in going:
        one.remove()
        print(f"  gone: {one.sentence.partition(':')[0]}", flush=True)
    return 0


def main() -> int:
    """As the settings describe it."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    return with_cloud(destroy, brings_files=False)


if __name__ == "__main__":
    sys.exit(main())
