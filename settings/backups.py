"""Where backups go, what is needed to get there, and how long they are kept."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from settings.faults import Fault
from settings.keys import key_lines, private_key
from settings.paths import content_of

# What restic calls its kinds of places, and the variables that name who comes.
# https://restic.readthedocs.io/en/stable/040_backup.html#environment-variables
VARIABLES: dict[str, tuple[str, ...]] = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "b2": ("B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"),
    "azure": ("AZURE_ACCOUNT_NAME",),
    "swift": (),
    "rest": (),
    "sftp": (),
}
_BELONG = ("AWS_", "B2_", "AZURE_", "OS_", "ST_", "RESTIC_REST_")
# What a new host begins with whose owner wants no backup back.
NOTHING = "none"
# How many days each may take.
KEEP = {"hourly": 1 / 24, "daily": 1, "weekly": 7, "monthly": 31, "yearly": 366}
EVERY_HOURS = (1, 2, 3, 4, 6, 8, 12, 24)
_WORDS = (
    'It must be an address as restic has it: "sftp:you@backup.example:/srv/freehold", '
    '"s3:https://fra1.digitaloceanspaces.com/bucket/freehold", "rest:https://backup.example/", '
    'a folder such as "/mnt/backup", or "" for none.'
)


@dataclass(frozen=True)
class Sftp:
    """Whom ssh is to reach."""

    user: str
    host: str
    port: int = 22

    @property
    def known_as(self) -> str:
        """How known_hosts names it."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


def kind(given: str) -> str:
    """`"folder"`, or restic's word for the kind of place."""
    return "folder" if given.startswith("/") else given.partition(":")[0]


def sftp(given: str) -> Sftp | None:
    """Where an SFTP repository is; None when it is none, or can't be understood."""
    long = re.fullmatch(
        r"sftp://([\w.-]+)@(\[[0-9A-Fa-f:]+\]|[\w.-]+)(?::(\d{1,5}))?/\S+", given, re.ASCII
    )
    short = re.fullmatch(r"sftp:([\w.-]+)@([\w.-]+):\S+", given, re.ASCII)
    if long:
        return Sftp(long[1], long[2].strip("[]"), int(long[3] or 22))
    return Sftp(short[1], short[2]) if short else None


def repository(given: str) -> str:
    """`given` when it is empty or can be the address of a repository.

    Raises Fault.
    """
    if not given:
        return given
    where = kind(given)
    if re.search(r"://[^/@]*:[^/@]*@", given):
        raise Fault(
            "A password must not stand in an address: write it into the file that "
            "backup_credentials names, as RESTIC_REST_USERNAME=… and RESTIC_REST_PASSWORD=…"
        )
    if where not in (*VARIABLES, "folder") or re.search(r"[\s\"'\\%$]", given):
        raise Fault(_WORDS)
    if where == "sftp" and not sftp(given):
        raise Fault(
            "An SFTP address names user, server and folder: "
            '"sftp:you@backup.example:/srv/freehold", or '
            '"sftp://you@backup.example:2222//srv/freehold" with another port.'
        )
    if where == "rest" and urlsplit(given.removeprefix("rest:")).scheme not in ("http", "https"):
        raise Fault("The address of a REST server begins with rest:https:// (or rest:http://).")
    if where == "folder":
        _folder(given)
    return given


def _folder(given: str) -> None:
    path = PurePosixPath("/", given.lstrip("/"))
    if str(path) in ("/", "/etc", "/var", "/usr") or ".." in given:
        raise Fault("It must be a folder of its own.")
    # What the unit of the backups has another of, none of, or only until the next boot.
    hidden = re.match(r"/(home|root|tmp|var/tmp|run|dev|proc|sys)(?![^/])", str(path))
    if hidden:
        raise Fault(
            f"No backup is kept below {hidden[0]}: the timed backup does not see that folder, or "
            "a boot empties it. Name a folder elsewhere, such as /mnt/backup."
        )


def credentials(given: str | None, place: str) -> None:
    """Check the file that says who comes to `place`. Raises Fault."""
    needed = VARIABLES.get(kind(place), ())
    if given is None:
        if needed:
            raise Fault(
                f"{place} asks who comes. Name a file on this machine with the lines "
                f"{' and '.join(f'{name}=…' for name in needed)}"
            )
        return
    names: list[str] = []
    for number, line in enumerate(content_of(given).decode(errors="replace").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        # What is in the line is not repeated, for it is a secret.
        found = re.fullmatch(r"([A-Z][A-Z0-9_]*)=(\S.*)", line)
        if not found:
            raise Fault(f"Line {number} of {given} is not NAME=value.")
        if not found[1].startswith(_BELONG):
            raise Fault(
                f"Line {number} of {given} sets {found[1]}, which says nothing about who comes. "
                f"Names begin with {', '.join(_BELONG)}"
            )
        names.append(found[1])
    missing = [name for name in needed if name not in names]
    if missing:
        raise Fault(f"{given} lacks {' and '.join(missing)}.")


def ssh_key(given: str | None, place: str) -> None:
    """Check the private key for an SFTP place. Raises Fault."""
    if kind(place) != "sftp":
        return
    if given is None:
        raise Fault(
            f"{place} lets in by key. Make one for this alone, without a passphrase: "
            'ssh-keygen -t ed25519 -N "" -f ~/.config/freehold/backup'
        )
    private_key(given)


def host_key(given: str, place: str) -> None:
    """Check the public key that an SFTP server must show. Raises Fault."""
    where = sftp(place)
    if not where:
        return
    if not given:
        port = f" -p {where.port}" if where.port != 22 else ""
        raise Fault(
            "No server is trusted on first use. Ask it for its key, and compare that with what its "
            f"owner says: ssh-keyscan -t ed25519{port} {where.host}"
        )
    try:
        (line,) = key_lines([given])
    except (Fault, ValueError):
        line = ""
    if not re.match(r"(ssh|ecdsa|sk)-", line):
        raise Fault("It must be one public host key: its kind and the key itself.")


def keep(given: Mapping[str, int]) -> Mapping[str, int]:
    """`given` when it is a policy by which something is kept. Raises Fault."""
    wrong = [name for name in given if name not in KEEP]
    if wrong:
        raise Fault(f"There is no {', '.join(wrong)}; there are {', '.join(KEEP)}.")
    if not any(given.values()) or any(number < 0 for number in given.values()):
        raise Fault("The numbers must be 0 or more, and one of them at least 1.")
    return given


def days(kept: Mapping[str, int]) -> int:
    """After how many days the last backup that has something is gone. What is not kept goes at
    night, which may be a day later.
    """
    return ceil(max(number * KEEP[name] for name, number in kept.items())) + 1


def every_hours(given: int) -> int:
    """`given` when backups come at the same hours each day. Raises Fault."""
    if given not in EVERY_HOURS:
        raise Fault(
            f"It must be one of {', '.join(map(str, EVERY_HOURS))}, so that they come at the same "
            "hours each day."
        )
    return given


def restore(given: str) -> str:
    """`given` when it names a backup, or none. Raises Fault."""
    if given not in ("", "latest", NOTHING) and not re.fullmatch(r"\d{8}T\d{6}Z", given, re.ASCII):
        raise Fault(
            'It must be "", "none", "latest", or a backup as make backups lists them, such as '
            '"20261126T030000Z".'
        )
    return given


def known_hosts(place: str, line: str) -> str:
    """The one line of known_hosts for an SFTP place; nothing for another."""
    where = sftp(place)
    keys: Sequence[str] = key_lines([line]) if where and line else ()
    return f"{where.known_as} {keys[0]}\n" if where and keys else ""
