"""Secrets are where they belong and nowhere else. No test prints one, also when it fails."""

import re
from typing import Any

import pytest
from testinfra.host import Host as Target

from tests.host.reading import DOCKER, read, run_python

_SEARCH = """
import subprocess
from pathlib import Path

kept = sorted(Path("/etc/freehold/secrets").iterdir())
secrets = {path.read_text().strip() for path in kept if path.is_file()}
keys = sorted(Path("/etc/freehold/tls").glob("**/privkey.pem"))
# Certbot's own, of which the newest is served too.
keys += sorted(Path("/etc/letsencrypt/archive").glob("**/privkey*.pem"))
# The second line of a key's text: the first may say no more than which kind it is.
lines = {path.read_text().splitlines()[2].strip() for path in keys}
needles = sorted(secrets | lines)
# Nothing can hold a secret that was last touched before the first of them was born.
born = min(path.stat().st_mtime for path in [*kept, *keys]) - 2

def bears(text):
    return any(needle.encode() in text for needle in needles)

found, variables = [], []
for listed in docker("/containers/json?all=1"):
    one = docker(f"/containers/{listed['Id']}/json")
    variables += [variable.partition("=")[0] for variable in one["Config"]["Env"]]
    if bears(json.dumps(one).encode()):
        found.append(f"docker inspect {listed['Names'][0]}")
for image in docker("/images/json"):
    for part in ("json", "history"):
        if bears(json.dumps(docker(f"/images/{image['Id']}/{part}")).encode()):
            found.append(f"docker {part} {image['RepoTags']}")
for process in Path("/proc").glob("[0-9]*"):
    for part in ("environ", "cmdline"):
        try:
            if bears((process / part).read_bytes()):
                found.append(f"{part} of {(process / 'comm').read_text().strip()}")
        except OSError:
            pass

find = ["find", "/", "/run", "/tmp", "/dev/shm", "-xdev", "-type", "f", "-newerct", f"@{born:.0f}",
        # What the kernel swaps out is root's alone, and holds whatever memory holds.
        "-not", "-path", "/swapfile", "-print0"]
changed = subprocess.run(find, capture_output=True).stdout
patterns = Path("/dev/shm/freehold-test-needles")
patterns.touch(mode=0o600)
try:
    patterns.write_text("\\n".join(needles))
    grep = ["xargs", "-0", "-r", "grep", "-laF", "-f", str(patterns)]
    done = subprocess.run(grep, input=changed, capture_output=True)
finally:
    patterns.unlink()
places = done.stdout.decode().split("\\n")
print(json.dumps({
    "needles": len(needles), "shortest": min(map(len, needles)),
    "variables": variables, "searched": changed.count(b"\\0"), "speaking": found,
    "files": [place for place in places if place and place != str(patterns)],
    "secrets": [str(path) for path in kept], "keys": [str(path) for path in keys],
}))
"""


@pytest.fixture(scope="module")
def traces(host: Target) -> dict[str, Any]:
    """Where a secret's text was found; never the text."""
    found: dict[str, Any] = run_python(host, DOCKER + _SEARCH)
    return found


def test_there_are_secrets_worth_the_name(traces: dict[str, Any]) -> None:
    assert traces["needles"] >= 2, "A password and a key are the least that there is to keep."
    assert traces["shortest"] >= 32, "A secret can be guessed."


def test_docker_and_processes_do_not_tell(traces: dict[str, Any]) -> None:
    assert not traces["speaking"], "Whoever lists containers or processes reads a secret."


def test_containers_are_told_of_files_and_not_of_secrets(traces: dict[str, Any]) -> None:
    # GPG_KEY is the fingerprint of who signed Python's sources, in the official image.
    telling = re.compile(r"(PASS|SECRET|TOKEN|KEY|CREDENTIAL)(?!.*_FILE$)")
    named = {name for name in traces["variables"] if telling.search(name)} - {"GPG_KEY"}
    assert not named, "An environment variable is told to whoever asks Docker."
    assert "POSTGRES_PASSWORD_FILE" in traces["variables"]


def test_no_file_repeats_a_secret(traces: dict[str, Any]) -> None:
    assert traces["searched"] > 20, "The search saw next to nothing, so it proves nothing."
    allowed = {*traces["secrets"], *traces["keys"]}
    assert set(traces["secrets"]) <= set(traces["files"]), "The search does not find what is there."
    assert set(traces["files"]) <= allowed, "A secret lies where nobody guards it."


@pytest.fixture(scope="module")
def guards(host: Target) -> dict[str, str]:
    """Modes and owners of what holds secrets."""
    return read(
        host,
        {
            "folders": "stat -c '%a %U %n' /etc/freehold/secrets /etc/freehold/tls;"
            " find /etc/freehold/tls -mindepth 1 -type d -printf '%m %u %p\\n'",
            "secrets": "find /etc/freehold/secrets -type f -printf '%m %U %f\\n'",
            "keys": "find /etc/freehold/tls -type f -name '*key*' -printf '%m %u %p\\n'",
            "links": "find /etc/freehold/tls -type l -printf '%p %l\\n'",
            "worker": "for file in privkey.pem fullchain.pem; do"
            " setpriv --reuid 101 --regid 101 --clear-groups --inh-caps=-all --bounding-set=-all"
            " head -c 1 /etc/freehold/tls/live/$file >/dev/null && echo read $file; done",
            "loose": "find /etc/freehold /opt/freehold /srv/www /var/lib/freehold"
            " -xdev -not -type l -perm /022 -printf '%m %p\\n'",
        },
    )


def _others_may(mode: str) -> bool:
    return mode[-2:] != "00"


def test_folders_of_secrets_are_closed(guards: dict[str, str]) -> None:
    entries = [line.split() for line in guards["folders"].splitlines()]
    assert len(entries) >= 3
    wrong = [path for mode, owner, path in entries if (mode, owner) != ("700", "root")]
    assert not wrong, "Others look into a folder of secrets."


def test_each_secret_is_its_readers_alone(guards: dict[str, str]) -> None:
    entries = {
        name: (mode, user)
        for mode, user, name in (line.split() for line in guards["secrets"].splitlines())
    }
    assert entries["database_password.webapp"] == ("400", "10001")
    assert entries["database_password.db"] == ("400", "999")
    assert not [name for name, (mode, _) in entries.items() if _others_may(mode)]


def test_the_certificates_key_is_roots_alone(guards: dict[str, str]) -> None:
    entries = [line.split() for line in guards["keys"].splitlines()]
    assert entries, "There is no key at all."
    wrong = [path for mode, owner, path in entries if (mode, owner) != ("600", "root")]
    assert not wrong, "Others read the certificate's key."
    assert any(line.startswith("/etc/freehold/tls/live ") for line in guards["links"].splitlines())


def test_nginxs_worker_cannot_read_the_key(guards: dict[str, str]) -> None:
    words = guards["worker"]
    assert words.count("Permission denied") == 2, "A flaw in nginx tells the certificate's key."
    assert "read" not in words.replace("for reading", "").split()


def test_nobody_else_changes_what_is_served(guards: dict[str, str]) -> None:
    assert guards["loose"] == "", "Others than root may change these."
