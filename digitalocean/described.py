"""What the settings say of the droplet: those that every host of the group `droplets` has."""

import json
import os
import subprocess
import sys
from pathlib import Path

from digitalocean.errors import CloudError
from settings.errors import SettingsError
from settings.inventory import HostEntry, hosts_of
from settings.load import check_inventory, settings_of
from settings.model import Settings
from settings.paths import PROJECT

GROUP = "droplets"
# Which further group the droplet is in: its file of group_data wins over droplets.py.
GROUP_VARIABLE = "FREEHOLD_GROUP"
# What the program that reads the settings is told.
WITHOUT_FILES = "--without-files"
# Of no host: what a droplet that is still to be made will have.
NOBODY = "droplet"
NOTHING = (
    "No droplet is described. Name the region that it is to be in, in group_data/droplets.py, such "
    'as droplet_region = "fra1"'
)


def further_group(folder: Path = PROJECT / "group_data") -> str:
    """The group that the environment names beside `droplets`; "" when it names none."""
    group = os.environ.get(GROUP_VARIABLE, "")
    if group and not (group.isidentifier() and (folder / f"{group}.py").is_file()):
        raise SettingsError(
            f"{GROUP_VARIABLE} is {group!r}, and group_data has no file of that name. Write "
            f"group_data/NAME.py, or: unset {GROUP_VARIABLE}"
        )
    return group


def _groups(folder: Path) -> dict[str, list[HostEntry]]:
    # The last group's settings win.
    return {name: [NOBODY] for name in (GROUP, further_group(folder)) if name}


def raw(folder: Path = PROJECT / "group_data") -> dict[str, object]:
    """The settings as they are written, unchecked."""
    return hosts_of(_groups(folder), folder)[0].data


def described(*, brings_files: bool = True) -> Settings:
    """The settings of the droplet. Raises SettingsError when these are wrong or name no region.

    + brings_files: as for `settings_of`
    """
    check_inventory(_groups(PROJECT / "group_data"), brings_files=brings_files)
    settings = settings_of(raw(), brings_files=brings_files)
    if not settings.droplet_region:
        raise CloudError(NOTHING)
    return settings


def asked(*, brings_files: bool = True) -> Settings:
    """The same for a program of its own. Raises CloudError with all that is wrong.

    pyinfra's own reading of group_data patches the standard library (gevent), which must come
    before everything else: so another process reads.
    """
    return settings_of(_read("settings", brings_files=brings_files), brings_files=brings_files)


def connection() -> dict[str, object]:
    """With which key ssh itself can log in, if one is named; it takes no passphrase from there."""
    return _read("connection")


def _read(what: str, *, brings_files: bool = True) -> dict[str, object]:
    command = [sys.executable, "-m", "digitalocean.described"]
    if not brings_files:
        command.append(WITHOUT_FILES)
    read = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if read.returncode:
        raise CloudError(read.stderr.strip())
    told: dict[str, dict[str, object]] = json.loads(read.stdout)
    return told[what]


if __name__ == "__main__":
    try:
        described(brings_files=sys.argv[1:] != [WITHOUT_FILES])
    except SettingsError as wrong:
        sys.exit(wrong.message)
    known = {field.alias or name for name, field in Settings.model_fields.items()}
    data = raw()
    key = {} if data.get("ssh_key_password") else {"ssh_key": data.get("ssh_key")}
    settings = {name: value for name, value in data.items() if name in known}
    print(json.dumps({"settings": settings, "connection": key}))
