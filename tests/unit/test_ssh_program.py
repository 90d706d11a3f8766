"""freehold-ssh keeps no settings that another file of sshd's wins over, and says which does.

With a stand-in for sshd that says what the real one said of the same files.
"""

import getpass
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from settings.paths import PROJECT

PROGRAM = PROJECT / "files" / "sbin" / "freehold-ssh"
OURS = """\
# Who gets in.
PermitRootLogin prohibit-password
AllowUsers root
PasswordAuthentication no
AuthorizedKeysFile .ssh/authorized_keys
TrustedUserCAKeys none
MaxSessions 4
"""
# As sshd -T prints it: in its own order, and in its own words.
EFFECTIVE = """\
maxsessions 4
permitrootlogin without-password
passwordauthentication no
trustedusercakeys none
authorizedkeysfile .ssh/authorized_keys
allowusers root
"""
# Debian's own; what stands in it comes after ours.
MAIN = """\
# What sshd is told.
Include {etc}/sshd_config.d/*.conf
KbdInteractiveAuthentication no
#AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2
PasswordAuthentication yes
"""
_SSHD = """\
#!/bin/sh
case "$*" in
  -t) ;;
  "-T -f "*) cat {root}/alone ;;
  "-T -C user=root"|"-T -C user=root,host=192.0.2.7,addr=192.0.2.7,laddr=203.0.113.7,lport=22")
    cat {root}/effective ;;
  *) exit 9 ;;
esac
"""


class Lab:
    """A root folder with the candidate in force, and the program that looks at it."""

    # Of a deploy; at a boot there is none.
    connection = "192.0.2.7 50000 203.0.113.7 22"

    def __init__(self, root: Path) -> None:
        self.root, self.etc = root, root / "etc/ssh"
        candidate = root / "etc/freehold/ssh"
        for folder in (candidate, self.etc / "sshd_config.d", root / "root/.ssh", root / "bin"):
            folder.mkdir(parents=True)
        self.write("sshd_config", MAIN)
        self.write("sshd_config.d/00-freehold.conf", OURS, mode=0o644)
        # cloud-init's, which ours is read before.
        self.write("sshd_config.d/50-cloud-init.conf", "PasswordAuthentication yes\n")
        (candidate / "sshd.conf").write_text(OURS)
        for keys in (candidate / "authorized_keys", root / "root/.ssh/authorized_keys"):
            keys.write_text("ssh-ed25519 AAAA owner\n")
            keys.chmod(0o600)
        (root / "alone").write_text(EFFECTIVE)
        self.effective(EFFECTIVE)
        for name, text in (
            ("sshd", _SSHD.format(root=root)),
            ("systemctl", f'#!/bin/sh\necho "$@" >>{root}/told\n'),
            ("systemd-run", f'#!/bin/sh\necho "run $@" >>{root}/told\n'),
        ):
            (root / "bin" / name).write_text(text)
            (root / "bin" / name).chmod(0o755)

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        """A file of sshd's settings."""
        path = self.etc / name
        path.write_text(text.replace("{etc}", str(self.etc)))
        path.chmod(mode)
        return path

    def effective(self, said: str) -> None:
        """What sshd says that it would do."""
        (self.root / "effective").write_text(said)

    def told(self) -> str:
        """What systemd was asked for."""
        told = self.root / "told"
        return told.read_text() if told.exists() else ""

    def run(self, verb: str) -> subprocess.CompletedProcess[str]:
        """The program, within the folder."""
        program = re.sub(
            r"(?<![\w*.}/-])/(etc|root|var)/", rf"{self.root}/\1/", PROGRAM.read_text()
        )
        program = program.replace('= "$3 root"', f'= "$3 {getpass.getuser()}"')
        (self.root / "var/lib/freehold").mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            ["sh", "-c", program, "freehold-ssh", verb],
            env={
                "PATH": f"{self.root}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "SSH_CONNECTION": self.connection,
            },
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_what_is_in_force_is_not_pending(lab: Lab) -> None:
    done = lab.run("pending")
    assert (done.returncode, done.stderr) == (1, "")


def _before(lab: Lab) -> Path:
    lab.effective(EFFECTIVE.replace(".ssh/authorized_keys", "/etc/ssh/mine"))
    return lab.write("sshd_config.d/00-a.conf", "# mine\n\tauthorizedkeysfile=/etc/ssh/mine\n")


def _above_the_include(lab: Lab) -> Path:
    lab.effective(EFFECTIVE.replace(".ssh/authorized_keys", "/etc/ssh/mine"))
    return lab.write("sshd_config", "\nAuthorizedKeysFile /etc/ssh/mine\n" + MAIN)


def _included_from_elsewhere(lab: Lab) -> Path:
    lab.effective(EFFECTIVE.replace(".ssh/authorized_keys", "/etc/ssh/mine"))
    lab.write("sshd_config", "Include of-*.txt more\n" + MAIN)
    return lab.write("of-a-company.txt", "\nAuthorizedKeysFile /etc/ssh/mine\n")


def _for_the_owner(lab: Lab) -> Path:
    lab.effective(EFFECTIVE.replace(".ssh/authorized_keys", "/etc/ssh/mine"))
    return lab.write(
        "sshd_config.d/99-z.conf", "Match User root\n  AuthorizedKeysFile /etc/ssh/mine\n"
    )


RIVALS = [_before, _above_the_include, _included_from_elsewhere, _for_the_owner]


@pytest.mark.parametrize("rival", RIVALS)
def test_a_line_that_wins_is_named_and_nothing_is_changed(
    lab: Lab, rival: Callable[[Lab], Path]
) -> None:
    file = rival(lab)
    before = file.read_text()
    assert lab.run("pending").returncode == 0
    done = lab.run("apply")
    assert done.returncode == 1
    assert "ours for authorizedkeysfile: others" in done.stderr
    assert f"make deploy: {file}:2:" in done.stderr
    assert len(done.stderr.splitlines()) == 1, "cloud-init's file has lost, and is no rival."
    assert file.read_text() == before
    assert (lab.etc / "sshd_config.d/00-freehold.conf").read_text() == OURS
    assert not (lab.root / "var/lib/freehold/ssh-before").exists()
    assert "reload" not in lab.told()


def test_a_first_deploy_leaves_no_settings_that_do_not_count(lab: Lab) -> None:
    (lab.etc / "sshd_config.d/00-freehold.conf").unlink()
    _before(lab)
    assert lab.run("apply").returncode == 1
    assert not (lab.etc / "sshd_config.d/00-freehold.conf").exists()


def test_one_more_user_is_named_wherever_the_line_stands(lab: Lab) -> None:
    lab.effective(f"{EFFECTIVE}allowusers bob\n")
    file = lab.write("sshd_config.d/99-z.conf", "AllowUsers bob\n")
    done = lab.run("apply")
    assert f"make deploy: {file}:1:AllowUsers bob" in done.stderr
    lab.effective(f"{EFFECTIVE}allowusers root\n")
    file.write_text("AllowUsers root\n")
    assert lab.run("pending").returncode == 1, "The owner twice is the owner."


def test_a_match_of_others_stays(lab: Lab) -> None:
    """Sshd has said that root is not concerned, and nobody else may log in."""
    lab.write("sshd_config", MAIN + "Match Group sftp\n  PasswordAuthentication yes\n")
    assert lab.run("pending").returncode == 1


def test_without_a_connection_the_owner_alone_is_asked_for(lab: Lab) -> None:
    lab.connection = ""
    assert lab.run("pending").returncode == 1


def test_an_older_name_is_not_taken_for_a_missing_include(lab: Lab) -> None:
    lab.effective(EFFECTIVE.replace("passwordauthentication no", "passwordauthentication yes"))
    for file in ("sshd_config.d/50-cloud-init.conf", "sshd_config"):
        lab.write(file, (lab.etc / file).read_text().replace("PasswordAuthentication yes\n", ""))
    assert "by another name" in lab.run("apply").stderr


def test_what_sshd_does_not_say_is_not_in_order(lab: Lab) -> None:
    lab.effective("")
    assert lab.run("pending").returncode == 0
    done = lab.run("apply")
    assert done.returncode == 1
    assert "sshd -T does not say" in done.stderr
    assert (lab.etc / "sshd_config.d/00-freehold.conf").read_text() == OURS
    assert "reload" not in lab.told()


def test_settings_that_sshd_does_not_read_are_told(lab: Lab) -> None:
    lab.write("sshd_config", "UsePAM yes\n")
    lab.effective(EFFECTIVE.replace(".ssh/authorized_keys", ".ssh/a .ssh/b"))
    done = lab.run("apply")
    assert done.returncode == 1
    assert "does not heed ours for authorizedkeysfile" in done.stderr
    assert f"does not begin with: Include {lab.etc}/sshd_config.d/*.conf" in done.stderr


def test_settings_that_count_are_put_in_force(lab: Lab) -> None:
    live = lab.etc / "sshd_config.d/00-freehold.conf"
    live.write_text("PasswordAuthentication yes\n")
    assert lab.run("pending").returncode == 0
    done = lab.run("apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert live.read_text() == OURS
    assert "--on-active 120" in lab.told()
    assert "reload ssh" in lab.told()
    assert lab.run("confirm").returncode == 0
    assert lab.run("pending").returncode == 1


def test_each_directive_that_is_compared_is_one_of_ours() -> None:
    ways = re.search(r'^ways="(.+?)"', PROGRAM.read_text(), re.MULTILINE | re.DOTALL)
    assert ways
    compared = set(ways[1].replace("\\\n", "").split("|"))
    ours = (PROJECT / "templates/sshd.conf.j2").read_text().lower().splitlines()
    assert compared <= {line.split()[0] for line in ours if line.strip()}
    assert {"authorizedkeyscommand", "trustedusercakeys", "authorizedprincipalsfile"} <= compared
