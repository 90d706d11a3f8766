"""apt is busy, as it is after a fresh boot: the deploy waits."""

import shlex
import subprocess

import pytest

from emulator import Droplet
from tests.runs import deploy

# Holds dpkg's lock as unattended-upgrades does.
HOLD = (
    "import fcntl, time; lock = open('/var/lib/dpkg/lock-frontend', 'w');"
    " fcntl.lockf(lock, fcntl.LOCK_EX); print('held', flush=True); time.sleep(30)"
)

# Stands for a package that no deploy leaves there; dpkg is killed while it first purges it.
KILLED_IN_A_PURGE = """
set -e
cd "$(mktemp -d)"
mkdir -p made/DEBIAN
printf '%s\\n' 'Package: droplet-agent' 'Version: 1' 'Architecture: all' \
  'Maintainer: nobody <nobody@example.org>' 'Description: stands for it' >made/DEBIAN/control
printf '%s\\n' '#!/bin/sh' "[ -e $PWD/once ] || { touch $PWD/once; kill -9 \\$PPID; }" \
  >made/DEBIAN/postrm
chmod 755 made made/DEBIAN made/DEBIAN/postrm
dpkg-deb --build made made.deb
dpkg --install made.deb
dpkg --purge droplet-agent || true
"""


@pytest.mark.slow
def test_a_purge_that_was_cut_off_is_finished(droplet: Droplet) -> None:
    droplet.run("sh", "-c", shlex.quote(KILLED_IN_A_PURGE))
    state = ("dpkg-query", "--show", "-f", "'${db:Status-Status}'", "droplet-agent")
    assert droplet.run(*state) == "half-installed"
    mended = deploy("--json")
    assert mended.code == 0, mended.said
    assert "Base | Install the system's packages" in mended.changed()
    assert droplet.run(*state, check=False) in ("", "config-files")
    assert deploy("--json").changed() == []


@pytest.mark.slow
def test_a_package_is_installed_when_the_lock_is_free_again(droplet: Droplet) -> None:
    droplet.run("dpkg", "--remove", "--force-depends", "rsync")
    holding = subprocess.Popen(
        droplet.login.command(f'python3 -c "{HOLD}"'), stdout=subprocess.PIPE, text=True
    )
    assert holding.stdout
    assert holding.stdout.readline() == "held\n"
    mended = deploy("--json")
    holding.communicate()
    assert mended.code == 0, mended.said
    # The first deploy of a clone also writes where its own keys are.
    keys = "Backups | Write what is to be backed up (/etc/freehold/settings.json)"
    assert set(mended.changed()) - {keys} == {"Base | Install the system's packages"}
    assert "ok installed" in droplet.run("dpkg-query", "--show", "-f", "'${Status}'", "rsync")
