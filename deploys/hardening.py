"""What the kernel, the mounts and the programs of this machine may not do, or become."""

from pyinfra.api import deploy

from deploys.script import script
from deploys.timer import timer
from operations.applied import applied
from operations.texts import texts
from settings.model import Settings
from settings.paths import PROJECT
from settings.render import render

SYSCTLS = "/etc/sysctl.d/90-freehold.conf"
HUGE_PAGES = "/etc/tmpfiles.d/freehold-huge-pages.conf"
LOGINS = "/etc/tmpfiles.d/freehold-logins.conf"
MODULES = "/etc/modules-load.d/freehold.conf"
ROTATED = "/etc/logrotate.d/btmp /etc/logrotate.d/wtmp"
FILES = {
    MODULES: "modules-load.conf.j2",
    SYSCTLS: "sysctl.conf.j2",
    HUGE_PAGES: "systemd/huge-pages.conf.j2",
    LOGINS: "systemd/logins.conf.j2",
    "/etc/modprobe.d/freehold.conf": "modprobe.conf.j2",
    "/etc/systemd/system/tmp.mount.d/freehold.conf": "systemd/tmp.mount.conf.j2",
    "/etc/systemd/system.conf.d/freehold.conf": "systemd/system.conf.j2",
    "/etc/systemd/coredump.conf.d/freehold.conf": "systemd/coredump.conf.j2",
    "/etc/security/limits.d/90-freehold.conf": "login/limits.conf.j2",
    "/etc/profile.d/freehold.sh": "login/profile.sh.j2",
    # Where Debian, and Lynis (PKGS-7370), look for it.
    "/etc/default/debsums": "default/debsums.j2",
    "/etc/issue": "login/issue.j2",
    "/etc/issue.net": "login/issue.j2",
}
# What fstab says; /tmp is systemd's own.
MOUNTS = "/usr/local/lib/freehold/mounts.sh"
# Should somebody be given a password after all: it is not kept for ever (CIS 5.4.1.1, 5.4.1.2,
# AUTH-9286), and its hash is dear to try where it is not yescrypt's (AUTH-9230). Root's own stays
# as it is. No UMASK: pam_umask would give it to a deploy's sessions too, and to packages' programs.
# https://manpages.debian.org/trixie/login.defs/login.defs.5.en.html
PASSWORDS = {
    "PASS_MAX_DAYS": 365,
    "PASS_MIN_DAYS": 1,
    "SHA_CRYPT_MIN_ROUNDS": 100_000,
    "SHA_CRYPT_MAX_ROUNDS": 100_000,
}
PASSWORD_LINES = f"^({'|'.join(PASSWORDS)})[[:space:]]"
# Root's alone (CIS 2.4.1.2 to 2.4.1.7, 5.1.1, FILE-7524), as far as they are there.
CLOSED = "/etc/cron.* /etc/crontab /etc/ssh/sshd_config"
# It makes sshd listen on a socket of the machine, and to the one that the machine runs on.
# https://manpages.debian.org/trixie/systemd/systemd-ssh-generator.8.en.html
SSH_GENERATOR = "/etc/systemd/system-generators/systemd-ssh-generator"


@deploy("Hardening")
def hardening(settings: Settings) -> None:
    """Fewer ways for what broke in somewhere to get further."""
    contents = {path: render(template, settings) for path, template in FILES.items()}
    contents[MOUNTS] = (PROJECT / "files" / "lib" / "mounts.sh").read_text()
    texts(
        name="Write what kernel, mounts and logins are held to",
        contents=contents,
    )
    applied(
        name="Hold kernel, mounts and logins to it",
        what="hardening",
        paths=list(contents),
        command=" && ".join(
            (
                f"modprobe --all $(grep -v '^#' {MODULES})",
                f"sysctl --quiet --load={SYSCTLS}",
                # Else logrotate, where an image has it, makes files of the devices every month.
                f"rm -f {ROTATED}",
                f"systemd-tmpfiles --create --remove {HUGE_PAGES} {LOGINS}",
                f"sh {MOUNTS} apply",
                f"sed -i -E '/{PASSWORD_LINES}/d' /etc/login.defs",
                "printf '%s %s\\n' "
                + " ".join(f"{name} {value}" for name, value in PASSWORDS.items())
                + " >>/etc/login.defs",
                f"for one in {CLOSED}; do [ ! -e $one ] || chmod go= $one; done",
                f"mkdir -p {SSH_GENERATOR.rpartition('/')[0]} && ln -sfn /dev/null {SSH_GENERATOR}",
                "{ systemctl stop sshd-unix-local.socket sshd-vsock.socket 2>/dev/null || true; }",
                # A plain reload reads units only, and not systemd's own settings.
                "systemctl daemon-reexec",
                # Where /tmp is a folder of the disk it becomes one in memory.
                "{ mountpoint --quiet /tmp || systemctl start tmp.mount; }",
                "mount -o remount,nosuid,nodev,noexec /tmp",
            )
        ),
        # What the kernel holds now, so that what was changed by hand is noticed.
        state=(
            f"sed -n 's/^\\([a-z][^ =*]*\\) *=.*/\\1/p' {SYSCTLS} | xargs sysctl;"
            " cat /sys/kernel/mm/transparent_hugepage/enabled;"
            # Not all options: the size is said in a way that another kernel may change.
            " findmnt --noheadings --output OPTIONS /tmp |"
            " tr , '\\n' | grep -xE 'nosuid|nodev|noexec';"
            f" sh {MOUNTS} list; readlink {SSH_GENERATOR};"
            f" grep -E '{PASSWORD_LINES}' /etc/login.defs;"
            f" find {CLOSED} -maxdepth 0 -perm /077 2>/dev/null;"
            f" stat --format '%n %F' /var/log/btmp /var/log/wtmp; ls {ROTATED} 2>/dev/null"
        ),
    )
    script(
        name="Install what takes their owner's power from programs",
        program="freehold-setuid",
    )
    applied(
        name="Let no program run with its owner's power that need not",
        what="setuid",
        paths=["/usr/local/sbin/freehold-setuid"],
        command="freehold-setuid remove",
        state="/usr/local/sbin/freehold-setuid list",
    )
    script(
        name="Install what compares the files of packages with their sums",
        program="freehold-checksums",
    )
    timer(
        "freehold-checksums",
        settings,
        describe="Describe the weekly look at the files of packages",
        have="Look at the files of packages every week",
    )
