"""apt is busy, as it is after a fresh boot: the deploy waits."""

import subprocess

from emulator import Droplet
from tests.runs import deploy

# Holds dpkg's lock as unattended-upgrades does.
HOLD = (
    "import fcntl, time; lock = open('/var/lib/dpkg/lock-frontend', 'w');"
    " fcntl.lockf(lock, fcntl.LOCK_EX); print('held', flush=True); time.sleep(30)"
)


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
    assert mended.changed() == ["Base | Install the system's packages"]
    assert "ok installed" in droplet.run("dpkg-query", "--show", "-f", "'${Status}'", "rsync")
