"""The machine itself: name, time, updates, memory, bounds."""

import re

import pytest
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.host.reading import read

# Our own services, and Debian's one that orders certificates.
_OURS = (
    "systemctl list-unit-files --no-legend --plain 'freehold-*.service' certbot.service"
    " | cut -d' ' -f1"
)


@pytest.fixture(scope="session")
def facts(host: Target) -> dict[str, str]:
    """All that is asked of the machine here."""
    return read(
        host,
        {
            "system": '. /etc/os-release; echo "$ID $VERSION_ID"',
            "name": "hostname; cat /etc/hostname; getent hosts $(hostname) | head -n 1",
            "time": "date +%Z; readlink -f /etc/localtime",
            "clock": "for asked in active enabled; do systemctl is-$asked systemd-timesyncd; done",
            "memory": "awk '/^MemTotal/ {print int($2/1024)}' /proc/meminfo",
            "swap": "tail -n +2 /proc/swaps",
            "swap modes": "awk 'NR>1 {print $1}' /proc/swaps | xargs -r stat -c '%a %U'",
            "fstab": "findmnt --fstab --types swap --noheadings --output SOURCE",
            "apt": "apt-config dump",
            "timers": "systemctl is-active apt-daily.timer apt-daily-upgrade.timer",
            "unattended": "systemctl is-enabled unattended-upgrades.service",
            "needrestart": 'perl -e \'our %nrconf; do "/etc/needrestart/needrestart.conf"; '
            'print "$@$nrconf{restart} $nrconf{kernelhints}"\'',
            "left alone": 'perl -e \'our %nrconf; do "/etc/needrestart/needrestart.conf"; '
            "my $of = $nrconf{override_rc}; for my $unit (@ARGV) "
            '{ print "$unit\\n" if grep { $unit =~ /$_/ && !$of->{$_} } keys %$of }\' '
            f"$({_OURS})",
            "kinds": f"systemctl show --property=Id --property=Type $({_OURS})",
            "journal": "journalctl --header | grep -c '^File path: /var/log/journal';"
            " journalctl --disk-usage",
            "journald": "systemd-analyze cat-config systemd/journald.conf | grep -E '^[A-Z]'",
            "failed": "systemctl list-units --failed --plain --no-legend",
            "state": "systemctl is-system-running",
            "dpkg": "dpkg --audit",
            "apt lists": "ls /var/lib/apt/lists | grep -c Packages",
        },
    )


def test_it_is_debian_13(facts: dict[str, str]) -> None:
    assert facts["system"] == "debian 13"


def test_its_name(facts: dict[str, str], described: Host, domain: str) -> None:
    wanted = str(described.data.get("hostname") or domain)
    running, configured, *resolved = facts["name"].splitlines()
    assert (running, configured) == (wanted, wanted), "The host does not bear its name."
    assert resolved, f"The host can't resolve its own name {wanted}: each sudo or mail waits."


def test_it_lives_in_utc(facts: dict[str, str]) -> None:
    zone, file = facts["time"].splitlines()
    assert zone == "UTC"
    assert file.startswith("/usr/share/zoneinfo/")


def test_its_clock_is_kept(facts: dict[str, str]) -> None:
    kept = facts["clock"].split()
    assert kept == ["active", "enabled"], "Nothing sets the clock; certificates depend on it."


def test_a_small_machine_has_swap_also_after_a_reboot(facts: dict[str, str]) -> None:
    devices = [line.split()[0] for line in facts["swap"].splitlines()]
    if int(facts["memory"]) < 2048:
        assert devices, "Under 2 GB and no swap: building an image will be killed."
    for device in devices:
        assert device in facts["fstab"].split(), f"{device} is gone after the next boot."
    assert set(facts["swap modes"].splitlines()) <= {"600 root", "660 root"}, "Swap holds secrets."


def _apt(dump: str, key: str) -> list[str]:
    return re.findall(rf'^{re.escape(key)} "(.*)";$', dump, re.MULTILINE)


def test_security_updates_come_by_themselves(facts: dict[str, str], described: Host) -> None:
    dump = facts["apt"]
    assert _apt(dump, "APT::Periodic::Update-Package-Lists") == ["1"]
    assert _apt(dump, "APT::Periodic::Unattended-Upgrade") == ["1"]
    origins = _apt(dump, "Unattended-Upgrade::Origins-Pattern::")
    assert any("label=Debian-Security" in origin for origin in origins), origins
    assert _apt(dump, "Unattended-Upgrade::Automatic-Reboot") == ["true"]
    at = _apt(dump, "Unattended-Upgrade::Automatic-Reboot-Time")
    assert at == [described.data["reboot_time"]], "It reboots in another hour than the owner's."
    assert facts["timers"].split() == ["active", "active"], "Nothing starts the updates."
    assert facts["unattended"] == "enabled"


def test_apt_waits_and_asks_nothing(facts: dict[str, str]) -> None:
    (wait,) = _apt(facts["apt"], "DPkg::Lock::Timeout")
    assert int(wait) >= 300, "A run fails while unattended-upgrades holds the lock after a boot."
    assert {"--force-confdef", "--force-confold"} <= set(_apt(facts["apt"], "DPkg::Options::"))


def test_needrestart_never_asks(facts: dict[str, str]) -> None:
    assert facts["needrestart"] == "a -1", "needrestart may hang an update with a question."


def test_an_update_ends_no_work_of_ours(facts: dict[str, str]) -> None:
    kinds = (
        dict(line.split("=", 1) for line in unit.splitlines())
        for unit in facts["kinds"].split("\n\n")
    )
    begun_and_ended = {one["Id"] for one in kinds if one["Type"] == "oneshot"}
    assert "freehold-rebuild.service" in begun_and_ended, "Our own units were not seen."
    left_alone = set(facts["left alone"].split())
    assert left_alone >= begun_and_ended, "needrestart breaks work off, and begins it anew."
    assert "freehold-nginx-errors.service" not in left_alone, "It goes on with old libraries."


def test_packages_are_whole(facts: dict[str, str]) -> None:
    assert facts["dpkg"] == "", "Packages are half installed. Mend: dpkg --configure -a"
    assert int(facts["apt lists"]) >= 1, "apt has no package lists. Mend: apt-get update"


def test_the_journal_is_kept_and_bounded(facts: dict[str, str], described: Host) -> None:
    files, usage = facts["journal"].splitlines()
    assert int(files) >= 1, "The journal is in memory only: a crash leaves no trace."
    settings = dict(line.split("=", 1) for line in facts["journald"].splitlines())
    assert settings["SystemMaxUse"] == f"{described.data['journal_megabytes']}M"
    days = f"{described.data['journal_days']}day"
    assert settings["MaxRetentionSec"] == days, "Logs are kept for longer than said."
    # As a file goes when its newest line is old enough.
    assert settings["MaxFileSec"] == "1day", "Logs are kept for up to twice as long as said."
    assert settings.get("Storage", "auto") in {"auto", "persistent"}
    size = re.search(r"take up ([0-9.]+)([KMG])", usage)
    assert size, usage
    megabytes = float(size[1]) * {"K": 0.001, "M": 1, "G": 1024}[size[2]]
    assert megabytes <= int(str(described.data["journal_megabytes"])) * 1.1


def test_nothing_has_failed(facts: dict[str, str]) -> None:
    assert facts["failed"] == "", "These units have failed. See: systemctl status NAME"
    assert facts["state"] in {"running", "starting"}
