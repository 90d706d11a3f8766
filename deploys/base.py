"""The machine itself: its name and clock, its updates, and what it may fill."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.api.exceptions import DeployError
from pyinfra.operations import files, server, systemd

from deploys.rendered import rendered
from deploys.script import package
from facts.machine import FirstBoot, Machine, MachineState
from facts.swap import SwapFile
from operations.applied import applied
from operations.packages import packages
from operations.swap import swap_file
from settings.model import Settings

# In megabytes. A first deploy brings Docker, three images and what a build needs meanwhile.
DISK_NEEDED = 500
DISK_NEEDED_AT_FIRST = 3000
SMALL_MEMORY = 2048
UPDATES = "apt-daily.timer apt-daily-upgrade.timer"


def check_the_machine(settings: Settings) -> MachineState:
    """Wait for the first boot's end; DeployError when this machine can't be made a Freehold."""
    first_boot = host.get_fact(FirstBoot)
    machine = host.get_fact(Machine)
    if machine.system != "debian 13":
        raise DeployError(
            f"{host.name} runs {machine.system}. Freehold needs Debian 13: "
            "create the droplet from the image debian-13-x64."
        )
    if not machine.has_ipv6:
        raise DeployError(
            f"{host.name} has no IPv6, which the kernel's and Docker's settings here are for, too. "
            "Take ipv6.disable=1 out of /etc/default/grub, then: update-grub && reboot"
        )
    needed = DISK_NEEDED
    if not machine.has_docker:
        needed = DISK_NEEDED_AT_FIRST
    if machine.memory < SMALL_MEMORY:
        needed += host.get_fact(SwapFile).room_for(settings.swap_megabytes)
    if machine.disk_free < needed:
        raise DeployError(
            f"{host.name} has {machine.disk_free} MB of disk left and {needed} MB are "
            "needed. See what takes it: make ssh, then: du -xh / | sort -h | tail"
        )
    if first_boot == "error":
        host.log("cloud-init reports an error in its first boot: cloud-init status --long")
    return machine


@deploy("Base")
def base(settings: Settings) -> None:
    """Packages, name, time, updates, swap and limits."""
    rendered(
        name="Make apt wait for its lock and install security updates by itself",
        template="apt/52freehold.j2",
        path="/etc/apt/apt.conf.d/52freehold",
        settings=settings,
    )
    rendered(
        name="Never let needrestart ask",
        template="apt/needrestart.conf.j2",
        path="/etc/needrestart/conf.d/freehold.conf",
        settings=settings,
    )
    packages(
        name="Install the system's packages",
        names=[
            # Its parser, without which Docker confines no container, and does not say so:
            # deploys/docker.py.
            "apparmor",
            "ca-certificates",
            # Compares the files of packages with their sums: freehold-checksums.
            "debsums",
            # Nobody has a password. Should somebody be given one, it is none that is soon guessed
            # (CIS 5.3.1.3, AUTH-9262).
            "libpam-passwdqc",
            "needrestart",
            "nftables",
            "openssl",
            "rsync",
            "systemd-timesyncd",
            "unattended-upgrades",
        ],
        # Digital Ocean's agent for its web console, which writes keys of its own into root's
        # authorized_keys: https://github.com/digitalocean/droplet-agent
        # And what would write the addresses at SSH into files that no setting bounds.
        unwanted=["droplet-agent", "rsyslog"],
    )
    package(
        name="Write what our programs on the host share",
        package="freehold_host",
    )
    applied(
        name="Look for updates every day",
        what="updates",
        paths=["/etc/apt/apt.conf.d/52freehold"],
        command=f"systemctl enable --quiet --now {UPDATES}",
        state=f"systemctl is-enabled {UPDATES}; systemctl is-active {UPDATES}",
    )
    _name_and_time(settings)
    _limits(settings)


def _name_and_time(settings: Settings) -> None:
    rendered(
        name="Keep cloud-init from renaming the machine at each boot",
        template="cloud-init.cfg.j2",
        path="/etc/cloud/cloud.cfg.d/99-freehold.cfg",
        settings=settings,
    )
    server.hostname(
        name=f"Call the machine {settings.hostname}",
        hostname=settings.hostname,
    )
    files.link(
        name="Keep time in UTC (/etc/localtime)",
        path="/etc/localtime",
        target="/usr/share/zoneinfo/Etc/UTC",
        force=True,
        create_remote_dir=False,
    )
    systemd.service(
        name="Keep the clock right",
        service="systemd-timesyncd.service",
        running=True,
        enabled=True,
    )
    resolved = "/etc/systemd/resolved.conf.d/freehold.conf"
    rendered(
        name="Ask and answer no names in the local network",
        template="systemd/resolved.conf.j2",
        path=resolved,
        settings=settings,
    )
    applied(
        name="Give the resolver its settings, where there is one",
        what="resolved",
        paths=[resolved],
        command="systemctl try-restart systemd-resolved",
    )


def _limits(settings: Settings) -> None:
    swap_file(
        name="Have swap, for an image's build may need more memory than there is",
        megabytes=settings.swap_megabytes,
        below=SMALL_MEMORY,
    )
    journald = "/etc/systemd/journald.conf.d/freehold.conf"
    rendered(
        name="Bound the journal",
        template="systemd/journald.conf.j2",
        path=journald,
        settings=settings,
    )
    applied(
        name="Give journald its bounds",
        what="journald",
        paths=[journald],
        command="systemctl restart systemd-journald",
    )
