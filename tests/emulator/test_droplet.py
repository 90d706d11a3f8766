"""The emulated droplet itself, before anything is deployed to it."""

import re
import sys

from emulator import Droplet, process
from emulator.qemu import FAST
from tests.runs import run


def test_it_is_the_cheap_droplet(droplet: Droplet) -> None:
    said = droplet.run(
        ". /etc/os-release; echo $ID $VERSION_ID; nproc; grep MemTotal /proc/meminfo"
    )
    system, processors, memory = said.splitlines()
    assert system == "debian 13"
    assert processors == "1"
    assert 900_000 < int(memory.split()[1]) < 1_048_576
    assert droplet.run("cat", "/proc/1/comm").strip() == "systemd"


def test_it_is_emulated_by_a_fast_qemu(droplet: Droplet) -> None:
    told = re.match(r"\d+", process.ask(droplet.folder, "info version"))
    assert droplet.accelerator == "kvm" or (told and int(told[0]) >= FAST)


def test_its_host_key_came_with_the_user_data(droplet: Droplet) -> None:
    public = droplet.host_key.with_name("host_key.pub").read_text().split()[1]
    assert public in droplet.run("cat", "/etc/ssh/ssh_host_ed25519_key.pub")
    assert droplet.run("ls /etc/ssh/ssh_host_*_key").split() == ["/etc/ssh/ssh_host_ed25519_key"]


def test_a_second_up_changes_nothing(droplet: Droplet) -> None:
    boot, pid = droplet.boot_id(), droplet.pid
    again = run(sys.executable, "-m", "emulator", "up")
    assert again.code == 0, again.said
    assert (droplet.boot_id(), droplet.pid) == (boot, pid)


def test_a_snapshot_brings_memory_and_disk_back(droplet: Droplet) -> None:
    droplet.run("echo before >/root/state; echo before >/run/state; sync")
    droplet.snapshot("before")
    boot = droplet.boot_id()
    droplet.run("echo after >/root/state; echo after >/run/state; sync")
    droplet.restore("before")
    assert droplet.run("cat /root/state /run/state").split() == ["before", "before"]
    assert droplet.boot_id() == boot
    droplet.run("rm /root/state /run/state")
