"""What kernel, mounts, logins and our own units are held to."""

import re

import pytest
from testinfra.host import Host as Target

from tests.host.reading import read, run_python

SYSCTLS = {
    "net.ipv4.conf.all.rp_filter": "1",
    "net.ipv4.conf.default.rp_filter": "1",
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.default.accept_redirects": "0",
    "net.ipv4.conf.all.secure_redirects": "0",
    "net.ipv4.conf.default.secure_redirects": "0",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.default.send_redirects": "0",
    "net.ipv6.conf.all.accept_redirects": "0",
    "net.ipv6.conf.default.accept_redirects": "0",
    "net.ipv4.conf.all.accept_source_route": "0",
    "net.ipv4.conf.default.accept_source_route": "0",
    "net.ipv6.conf.all.accept_source_route": "0",
    "net.ipv6.conf.default.accept_source_route": "0",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv4.tcp_rfc1337": "1",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.icmp_ignore_bogus_error_responses": "1",
    "net.ipv4.conf.all.arp_ignore": "1",
    "net.ipv4.conf.all.arp_announce": "2",
    "net.ipv4.tcp_notsent_lowat": "16384",
    "net.ipv4.tcp_migrate_req": "1",
    "net.ipv4.tcp_no_metrics_save": "1",
    "net.netfilter.nf_conntrack_max": "65536",
    "net.netfilter.nf_conntrack_buckets": "65536",
    "net.netfilter.nf_conntrack_tcp_timeout_time_wait": "10",
    "net.netfilter.nf_conntrack_tcp_timeout_established": "7440",
    "kernel.kptr_restrict": "2",
    "kernel.dmesg_restrict": "1",
    "kernel.yama.ptrace_scope": "2",
    "kernel.perf_event_paranoid": "3",
    "kernel.unprivileged_bpf_disabled": "1",
    "kernel.unprivileged_userns_clone": "0",
    "kernel.kexec_load_disabled": "1",
    "kernel.randomize_va_space": "2",
    "kernel.sysrq": "0",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
    "kernel.core_pattern": "|/bin/false",
    "dev.tty.ldisc_autoload": "0",
    "net.core.bpf_jit_harden": "2",
    "fs.suid_dumpable": "0",
    "fs.protected_fifos": "2",
    "fs.protected_regular": "2",
    "fs.protected_hardlinks": "1",
    "fs.protected_symlinks": "1",
    "vm.swappiness": "10",
}
UNUSED = {
    *("dccp", "tipc", "rds", "sctp", "appletalk", "atm", "ax25", "can", "ieee802154", "ipx"),
    *("n_hdlc", "netrom", "rose", "x25", "cramfs", "freevxfs", "hfs", "hfsplus", "jffs2"),
    *("squashfs", "udf", "firewire-core", "firewire-ohci", "thunderbolt", "usb-storage"),
}
# Where no device, no borrowed power or no program has any business.
HELD = {
    "/dev": {"nosuid", "noexec"},
    "/dev/shm": {"nosuid", "nodev", "noexec"},  # noqa: S108 - looked at only
    "/home": {"nosuid", "nodev"},
    "/tmp": {"nosuid", "nodev", "noexec"},  # noqa: S108 - looked at only
    "/var/tmp": {"nosuid", "nodev", "noexec"},  # noqa: S108 - looked at only
}


@pytest.fixture(scope="session")
def facts(host: Target) -> dict[str, str]:
    """All that is asked of the machine here."""
    return read(
        host,
        {
            "sysctl": "sysctl " + " ".join(SYSCTLS),
            "way in": "ip -4 route show default | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' |"
            " head -n 1 | xargs -I% cat /proc/sys/net/ipv4/conf/%/rp_filter",
            "huge pages": "cat /sys/kernel/mm/transparent_hugepage/enabled",
            "modules": f"for module in {' '.join(sorted(UNUSED))}; do"
            " modprobe --quiet $module && echo loaded $module; done; cut -d' ' -f1 /proc/modules",
            "blocked": "modprobe --showconfig | grep '^install .* /bin/false$'",
            "mounts": f"for folder in {' '.join(HELD)}; do"
            " findmnt --noheadings --output TARGET,OPTIONS $folder; done",
            "next boot": "findmnt --fstab --noheadings --output TARGET,OPTIONS;"
            " systemctl cat tmp.mount | sed -n 's|^Options=|/tmp |p' | tail -n 1",
            "run": "for folder in /tmp /dev/shm /var/tmp /dev; do"
            " file=$(mktemp --tmpdir=$folder); printf '#!/bin/sh\\necho ran\\n' >$file;"
            " chmod 700 $file; $file; rm -f $file; done",
            "password rules": "cat /etc/login.defs",
            "password checks": "cat /etc/pam.d/common-password;"
            " ls /usr/lib/*/security/pam_passwdqc.so",
            "age": "chage --list root",
            "closed": "stat -c '%a %U %n' /etc/cron.* /etc/crontab /etc/ssh/sshd_config"
            " 2>/dev/null",
            "checksums": "systemctl is-enabled freehold-checksums.timer;"
            " systemctl is-active freehold-checksums.timer; systemctl show --value"
            " --property=NextElapseUSecRealtime freehold-checksums.timer;"
            # Of a small package: all of them take a minute on a small machine.
            " debsums --silent base-files && echo as they came",
            "logins": "find /var/log -maxdepth 1 -regextype posix-extended"
            " -regex '.*/([bw]tmp([.-][0-9].*)?|(auth.log|syslog).*)'"
            " -exec stat --format '%n %F %t:%T %a' {} +",
            "umask": "bash -lic 'umask; echo $TMOUT; ulimit -Hc; TMOUT=0' 2>/dev/null",
            "issue": "cat /etc/issue /etc/issue.net",
            "units": "systemctl list-unit-files --no-legend --plain 'freehold-*.service'",
            "limit": "systemctl show --property=DefaultLimitCORE --value; ulimit -Hc",
            "lying": r"find / /tmp -xdev \( -path /var/lib/docker -o -path /usr \) -prune -o"
            r" -type f -regex '.*/\(core\|core\.[0-9]+\)' -size +0 -print;"
            " ls /var/lib/systemd/coredump 2>/dev/null",
        },
    )


def test_the_kernel_is_hardened(facts: dict[str, str]) -> None:
    found = dict(line.split(" = ", 1) for line in facts["sysctl"].splitlines())
    differing = {
        name: f"{found.get(name)} and not {value}"
        for name, value in SYSCTLS.items()
        if found.get(name) != value
    }
    assert not differing


def test_forged_senders_are_judged_where_strangers_come_in(facts: dict[str, str]) -> None:
    # The kernel takes the looser of this and that of `all`.
    assert facts["way in"].strip() == "1"


def test_huge_pages_are_for_who_asks(facts: dict[str, str]) -> None:
    assert facts["huge pages"].strip() == "always [madvise] never"


def test_what_is_not_used_is_never_loaded(facts: dict[str, str]) -> None:
    loaded = {name.replace("_", "-") for name in facts["modules"].splitlines()}
    assert len(loaded) > 20, "The kernel's modules were not seen, so this proves nothing."
    assert not loaded & {name.replace("_", "-") for name in UNUSED}
    assert "loaded" not in facts["modules"], "modprobe loads what nobody uses."
    blocked = {line.split()[1].replace("_", "-") for line in facts["blocked"].splitlines()}
    assert blocked >= {name.replace("_", "-") for name in UNUSED}


def test_a_socket_of_an_unused_kind_can_not_be_had(host: Target) -> None:
    """As a program without power would ask for it: the kernel loads a module for that."""
    script = """
import os, socket
os.setuid(65534)
got = []
asked = {"sctp": (2, 1, 132), "dccp": (2, 6, 33), "rds": (21, 5, 0), "tipc": (30, 1, 0),
         "x25": (9, 5, 0), "appletalk": (5, 2, 0), "can": (29, 3, 1)}
for name, kind in asked.items():
    try:
        socket.socket(*kind).close()
        got.append(name)
    except OSError:
        pass
print(json.dumps(got))
"""
    assert run_python(host, "import json" + script) == []


def test_nothing_is_run_from_folders_for_everybody(facts: dict[str, str]) -> None:
    for when in ("mounts", "next boot"):
        options = dict(line.split(maxsplit=1) for line in facts[when].splitlines())
        for folder, wanted in HELD.items():
            assert folder in options, f"{folder} is held to nothing ({when})."
            missing = wanted - set(options[folder].split(","))
            assert not missing, f"{folder} is not {missing} ({when})."
    assert facts["run"].count("Permission denied") == 4, facts["run"]
    assert "ran" not in facts["run"].splitlines()


def test_no_image_of_memory_is_written(host: Target, facts: dict[str, str]) -> None:
    """A program dies as one with a fault does, and allows a core as large as it likes."""
    assert facts["limit"].split() == ["0", "0"]
    assert facts["lying"] == "", f"Images of memory hold secrets and addresses: {facts['lying']}"
    script = (
        "cd $(mktemp -d) && (ulimit -Sc unlimited 2>/dev/null; sh -c 'kill -SEGV $$'); ls -A; pwd"
    )
    found = host.run(script).stdout.split()
    assert len(found) == 1, f"An image of a program's memory was left: {found}"
    host.run("rmdir %s", found[0])


def test_who_knocks_is_kept_by_the_journal_alone(facts: dict[str, str]) -> None:
    forgets = "character special file 1:3 600"
    assert sorted(facts["logins"].splitlines()) == [
        f"/var/log/btmp {forgets}",
        f"/var/log/wtmp {forgets}",
    ]


def test_a_person_at_a_prompt(facts: dict[str, str]) -> None:
    mask, seconds, core = facts["umask"].split()[:3]
    assert core == "0"
    assert mask == "0027", "What root makes by hand is for everybody's eyes."
    assert 0 < int(seconds) <= 3600, "A shell that was left open stays open."
    assert "Debian" not in facts["issue"], "The greeting tells what a stranger need not know."
    assert facts["issue"].count("private system") == 2


def test_a_password_would_be_a_strong_one(facts: dict[str, str]) -> None:
    lines = (line.split() for line in facts["password rules"].splitlines() if line[:1].isalpha())
    rules = dict(words[:2] for words in lines if len(words) > 1)
    assert 0 < int(rules["PASS_MAX_DAYS"]) <= 365
    assert int(rules["PASS_MIN_DAYS"]) >= 1
    assert int(rules["SHA_CRYPT_MIN_ROUNDS"]) >= 5000
    assert rules["ENCRYPT_METHOD"] == "YESCRYPT"
    # In a session's umask, a deploy's would be one of them.
    assert "UMASK" not in rules
    checks = facts["password checks"]
    assert re.search(r"^password\s.*pam_passwdqc\.so", checks, re.MULTILINE), checks
    assert "/security/pam_passwdqc.so" in checks
    expires = re.search(r"Password expires\s*: (.*)", facts["age"])
    assert expires
    assert expires[1] == "never", "The owner would be asked for a password that nobody has."


def test_what_starts_programs_is_for_roots_eyes_alone(facts: dict[str, str]) -> None:
    found = [line.split() for line in facts["closed"].splitlines()]
    assert {"/etc/ssh/sshd_config", "/etc/cron.d"} <= {path for *_, path in found}
    for mode, user, path in found:
        assert int(mode[-2:], 8) == 0, f"Others than root may look into {path}."
        assert user == "root", path


def test_the_files_of_packages_are_looked_at_every_week(facts: dict[str, str]) -> None:
    """That they are as they came, `make status` tells: the unit has failed when they are not."""
    enabled, active, next_time, *compared = facts["checksums"].splitlines()
    assert (enabled, active) == ("enabled", "active")
    assert next_time, "There is no next time."
    assert compared == ["as they came"]


MOST_EXPOSED = 2.0


def test_our_own_units_are_sandboxed(host: Target, facts: dict[str, str]) -> None:
    """Each unit named freehold-*, also one that was written after this test."""
    units = [line.split()[0] for line in facts["units"].splitlines()]
    assert len(units) >= 4, "Our own units were not seen, so this proves nothing."
    listed = host.check_output(f"systemd-analyze security --no-pager {' '.join(units)}")
    said = re.findall(r"Overall exposure level for (\S+): ([0-9.]+)", listed)
    exposure = {unit: float(level) for unit, level in said}
    assert exposure.keys() == set(units), listed[-500:]
    exposed = {unit: level for unit, level in exposure.items() if level > MOST_EXPOSED}
    assert not exposed, f"See what is open: systemd-analyze security {' '.join(exposed)}"
