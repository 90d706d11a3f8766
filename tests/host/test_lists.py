"""What listens, what runs as root, what has more power than who starts it, what others may write,
what starts by itself: a list of each. A new entry is a decision, with its reason beside it.
"""

import pytest
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.host.reading import read, run_python

# ---- What listens ----

LISTENING = {
    ("tcp", "*", 22, "sshd"): "the owner's way in",
    ("tcp", "*", 80, "nginx"): "the door",
    ("tcp", "*", 443, "nginx"): "the door",
    ("tcp", "local", 53, "systemd-resolve"): "the machine's own resolver",
    ("udp", "local", 53, "systemd-resolve"): "the machine's own resolver",
    ("udp", "*", 68, "systemd-network"): "the lease of an IPv4 address",
    ("udp", "*", 546, "systemd-network"): "the lease of an IPv6 address",
}
# Providers' images differ in what brings the network up.
ELSEWHERE = {
    ("udp", "*", 68, "dhclient"): "the lease, where ifupdown asks for it",
    ("udp", "*", 68, "dhcpcd"): "the lease, where dhcpcd asks for it",
    ("udp", "*", 546, "dhcpcd"): "the lease, where dhcpcd asks for it",
    ("udp", "*", 123, "chronyd"): "the clock, where the image brings chrony",
    ("udp", "local", 323, "chronyd"): "the clock, where the image brings chrony",
}
# Sockets that any user of the machine may connect to; systemd asks each who it is.
SOCKETS = {
    "/run/dbus/system_bus_socket": "the system's bus: what may be said there, its policies say",
    "/run/systemd/": "systemd's own services, which tell and change nothing without power",
    "/run/udev/": "devices; takes orders from root only",
    "/run/cloud-init/": "the order of the first boot's stages",
    "/run/freehold/webapp/": "nginx's way to the service, in a folder that only both may enter",
    "/run/nginx-health.sock": "nginx's health, inside of its container",
    "/var/run/docker/": "Docker's own, in a folder that is root's",
}

# ---- What runs as root, beside the kernel's own threads ----

ROOT = {
    *("systemd", "systemd-journald", "systemd-udevd", "systemd-logind", "(sd-pam)"),
    *("agetty", "dockerd", "containerd", "containerd-shim"),
    # The owner's sessions, and what these tests run.
    *(
        "sshd",
        "sshd-session",
        "sshd-auth",
        "sftp-server",
        "sh",
        "bash",
        "ps",
        "python3",
        "sleep",
        "timeout",
    ),
    # Looks for the signal to stop at a shutdown; the updates themselves are a timer's.
    "unattended-upgr",
    # Opens 80 and 443; its workers are another user's.
    "nginx",
    # Asks the owner's own Docker for what it needs, and is gone.
    *("docker", "docker-compose", "runc", "docker-init", "docker-buildx", "systemctl"),
    # freehold-backup's, whenever it is due.
    "restic",
    # freehold-checksums', once a week.
    "debsums",
}
# What a provider's image may bring, and only on its machines.
ROOT_ELSEWHERE = {"cron", "qemu-ga", "dhclient", "dhcpcd", "polkitd", "do-agent", "atd"}

# ---- Files with more power than who starts them ----

SET_ID = {
    "/usr/lib/dbus-1.0/dbus-daemon-launch-helper": "only the bus, a user of its own, may start it",
    "/usr/sbin/unix_chkpwd": "checks the password of its own user, and nobody has one",
}
CAPABLE = {
    "/usr/bin/ping": "sends ICMP, where the image brings it",
    "/usr/lib/x86_64-linux-gnu/gstreamer1.0/gstreamer-1.0/gst-ptp-helper": "of an image's library",
}

# ---- What others than root may write ----

LOOSE_FILES = {
    "/var/log/lastlog": "who was last; the group utmp has no member",
    "/var/mail": "the group mail has no member, and no mail comes",
    "/var/local": "for the group staff, which has no member",
    "/usr/local": "for the group staff, which has no member",
    "/var/log/journal": "set-group-ID, for readers of the journal; not writable",
    "/run/freehold/webapp": "the service's socket, for nginx's group",
}
# Of systemd for old programs, of cloud-init for its own.
IN_THEM = ("/tmp/.", "/run/cloud-init/tmp")  # noqa: S108 - looked at only
FOR_ALL = {"/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/dev/mqueue"}  # noqa: S108 - looked at only

# ---- What starts by itself ----

ENABLED = {
    # Of this project.
    *("freehold-firewall.service", "freehold-ssh-revert.service", "freehold-standby.service"),
    *("freehold-prune-images.timer", "freehold-rebuild.timer", "run-freehold-keys.mount"),
    "freehold-checksums.timer",
    # Backups, where a place for them is named.
    *(f"freehold-backup{kind}.timer" for kind in ("", "-spool", "-proof", "-check")),
    # What programs are confined by; Docker loads its containers' profile itself.
    "apparmor.service",
    # Where nginx's errors lose the addresses.
    "freehold-nginx-errors.socket",
    # The certificate's renewal, and a look at whether all is in order.
    *("certbot.timer", "freehold-status.timer"),
    # The way in, Docker, updates, the clock, the network.
    *(
        "ssh.service",
        "sshd-keygen.service",
        "docker.service",
        "docker.socket",
        "containerd.service",
    ),
    *("unattended-upgrades.service", "apt-daily.timer", "apt-daily-upgrade.timer"),
    *("systemd-timesyncd.service", "systemd-resolved.service", "systemd-networkd.service"),
    *("systemd-networkd.socket", "systemd-networkd-wait-online.service"),
    *("systemd-network-generator.service", "systemd-networkd-persistent-storage.service"),
    "systemd-networkd-varlink.socket",
    # Housekeeping of packages, and of the disk.
    *("dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer"),
    "systemd-pstore.service",
    # The console, and what reads the provider's wishes at the first boot.
    *("getty@.service", "remote-fs.target", "systemd-userdbd.socket"),
    *("cloud-config.service", "cloud-final.service", "cloud-init-local.service"),
    *("cloud-init-main.service", "cloud-init-network.service", "cloud-init-hotplugd.socket"),
    "cloud-init.service",
}
# Of the emulated droplet alone.
ENABLED_THERE = {"load-images.service"}
# What a provider's image may bring beside: cron's housekeeping, its agents, ifupdown.
ENABLED_ELSEWHERE = {
    *("cron.service", "anacron.service", "anacron.timer", "do-agent.service"),
    *("networking.service", "ifupdown-wait-online.service", "qemu-guest-agent.service"),
    *("logrotate.timer", "man-db.timer", "console-setup.service"),
    *("keyboard-setup.service", "grub-common.service", "growpart.service", "chrony.service"),
    *("sudo.service", "polkit.service", "blk-availability.service", "lvm2-monitor.service"),
    *("lvm2-lvmpolld.socket", "dm-event.socket", "uuidd.socket", "exim4-base.timer"),
}

_READ = r"""
import json, os, subprocess
from pathlib import Path

def find(*arguments):
    done = subprocess.run(["find", *arguments], capture_output=True, text=True)
    return done.stdout.splitlines()


def of_root():
    running = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(line.split(":\t", 1) for line in
                          (process / "status").read_text().splitlines() if ":\t" in line)
            ids = status["Uid"].split()
            if ids[1] == "0" and (process / "cmdline").read_bytes():
                running.add((process.name, status["Name"]))
        except OSError:
            pass
    return running

at_first = of_root()
capable = []
for top in ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/local", "/opt", "/root"):
    for folder, folders, files in os.walk(top):
        folders[:] = [one for one in folders if not one.startswith(("python3", "modules"))]
        for name in files:
            path = f"{folder}/{name}"
            try:
                if "security.capability" in os.listxattr(path, follow_symlinks=False):
                    capable.append(path)
            except OSError:
                pass

images = ("/var/lib/docker", "/var/lib/containerd")
left_out = [part for path in images for part in ("-path", path, "-prune", "-o")]
set_id = find("/", "-xdev", *left_out, "-type", "f", "-perm", "/6000", "-print")
# What came or went meanwhile is a step of something, such as runc's at each health check.
stayed = at_first & of_root()
print(json.dumps({
    "root": sorted({name for process, name in stayed}),
    "capable": capable,
    "set id": set_id,
    "loose": find("/", "/run", "/tmp", "/dev/shm", "/home", "/var/tmp", "-xdev", *left_out,
                  "(", "-type", "f", "-o", "-type", "d", "-o", "-type", "s", ")",
                  "-perm", "/022", "-printf", "%m %y %p\n"),
}))
"""


@pytest.fixture(scope="session")
def files(host: Target) -> dict[str, list[str]]:
    """What the file system and the processes say."""
    found: dict[str, list[str]] = run_python(host, _READ)
    return found


@pytest.fixture(scope="session")
def facts(host: Target) -> dict[str, str]:
    """What the system's own tools say."""
    return read(
        host,
        {
            "ports": "ss --tcp --udp --listening --processes --numeric --no-header",
            "raw": "ss --raw --packet --listening --processes --numeric --no-header",
            "sockets": "ss --unix --listening --no-header | awk '{print $5}' | grep ^/ |"
            " while read -r path; do stat -c '%a %n' \"$path\" 2>/dev/null; done",
            "enabled": "systemctl list-unit-files --no-legend --plain --state=enabled"
            " | cut -d' ' -f1",
            "logins": "awk -F: '$7 !~ /(nologin|false|sync)$/ {print $1}' /etc/passwd",
            "passwords": "awk -F: '$2 !~ /^[!*]/ {print $1}' /etc/shadow",
            "groups": "getent group root sudo docker staff utmp mail shadow disk | cut -d: -f1,4",
        },
    )


def _listening(text: str) -> set[tuple[str, str, int, str]]:
    found = set()
    for line in text.splitlines():
        protocol, _, _, _, local, _, *process = line.split()
        address, _, port = local.rpartition(":")
        where = "local" if address.startswith(("127.", "[::1]")) else "*"
        name = process[0].split('"')[1] if process else "?"
        found.add((protocol, where, int(port), name))
    return found


def test_what_listens(facts: dict[str, str], described: Host) -> None:
    allowed = {*LISTENING, *ELSEWHERE}
    if described.data.get("http3"):
        allowed.add(("udp", "*", 443, "nginx"))
    found = _listening(facts["ports"])
    assert found - allowed == set(), "A service listens that nobody decided on."
    assert ("tcp", "*", 443, "nginx") in found
    # What brings the network up listens for neighbours and leases below the firewall.
    raw = {line.split('"')[1] for line in facts["raw"].splitlines() if '"' in line}
    assert raw <= {"systemd-network", "systemd-networkd", "dhclient", "dhcpcd"}, facts["raw"]


def test_which_sockets_others_may_use(facts: dict[str, str]) -> None:
    entries = [line.split(" ", 1) for line in facts["sockets"].splitlines()]
    assert len(entries) > 5, "No sockets were seen, so this proves nothing."
    for_others = {path for mode, path in entries if int(mode[-1]) & 2}
    undecided = {path for path in for_others if not path.startswith(tuple(SOCKETS))}
    assert not undecided, "Any user of the machine may speak with it."


def test_what_runs_as_root(files: dict[str, list[str]]) -> None:
    assert {"systemd", "sshd", "dockerd"} <= set(files["root"])
    # systemd's own services, and this project's, which have a test of their sandbox.
    ours = {name for name in files["root"] if not name.startswith(("systemd-", "freehold-"))}
    undecided = ours - ROOT - ROOT_ELSEWHERE - {"containerd-shim", "containerd-shim-"}
    assert not undecided, "A program has all power, and nobody decided on it."


def test_which_files_have_more_power_than_who_starts_them(files: dict[str, list[str]]) -> None:
    assert set(files["set id"]) - set(SET_ID) == set(), "Take it away: make deploy"
    assert set(files["capable"]) - set(CAPABLE) == set()


def test_what_others_than_root_may_write(files: dict[str, list[str]]) -> None:
    found = [line.split(" ", 2) for line in files["loose"]]
    # The sticky bit: each may remove only what is its own.
    for_all = {path for mode, kind, path in found if kind == "d" and mode.startswith(("1", "3"))}
    within = {path for path in for_all if path.startswith(IN_THEM) or "/systemd-private-" in path}
    assert for_all - within - FOR_ALL == set(), "Everybody may put files there."
    loose = {path for _, kind, path in found if kind != "s"} - for_all
    undecided = {path for path in loose if not path.startswith(tuple(LOOSE_FILES))}
    assert not undecided, "Others than root may change it."
    open_to_all = {path for mode, kind, path in found if int(mode[-1]) & 2 and kind == "f"}
    assert not open_to_all, "Everybody may change it."


def test_what_starts_by_itself(facts: dict[str, str], described: Host) -> None:
    found = set(facts["enabled"].split())
    undecided = found - ENABLED - ENABLED_ELSEWHERE
    if "emulated" in described.groups:
        undecided -= ENABLED_THERE
    assert not undecided, "It starts at each boot, and nobody decided on it."
    wanted = {"freehold-firewall.service", "ssh.service", "docker.service"}
    assert wanted <= found


def test_who_may_log_in(facts: dict[str, str]) -> None:
    assert facts["logins"].split() == ["root"]
    assert facts["passwords"] == "", "Somebody has a password."
    members = dict(line.split(":") for line in facts["groups"].splitlines())
    assert {name for name, who in members.items() if who} == set()
