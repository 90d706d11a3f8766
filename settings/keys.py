"""SSH keys: the public ones that may log in, and the private one that pyinfra logs in with."""

import base64
import binascii
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning

from settings.faults import Fault
from settings.paths import content_of, path_of

SMALLEST_RSA = 3072
MAKE_ONE = "ssh-keygen -t ed25519"
MAKE_A_NEW_ONE = f"Make a new one: {MAKE_ONE}"
KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
# A key as authorized_keys has it: options, kind, the key itself, comment.
LINE = re.compile(
    r"(?:.*[ \t])?(?P<kind>(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)[ \t]+(?P<blob>AAAA\S*)(?:[ \t].*)?"
)


def key_lines(entries: Sequence[str]) -> tuple[str, ...]:
    """The lines of authorized_keys that `entries` (files, or keys themselves) make, each key once.

    Comments in the lines are kept. Raises Fault that has the reasons of all entries.
    """
    if not entries:
        raise Fault("It is empty, and would lock you out of the host.")
    lines: dict[str, str] = {}
    sentences: list[str] = []
    for entry in entries:
        try:
            for line in _lines_of(entry):
                # The first one stays, with its comment.
                lines.setdefault(_blob(line), line)
        except Fault as fault:
            sentences += fault.sentences
    if sentences:
        raise Fault(*sentences)
    return tuple(lines.values())


def _lines_of(entry: str) -> list[str]:
    if "PRIVATE KEY" in entry:
        raise Fault(
            "A private key was pasted here. It must never leave your machine, and not be in this "
            "file; name the public one beside it, which ends with .pub."
        )
    pasted = LINE.search(entry)
    if not pasted and re.match(r"(ssh|ecdsa|sk)-\S+\s", entry):
        raise Fault(f"{entry[:40]!r} looks like a key and is not a whole one.")
    source = "The key" if pasted else entry
    lines = [line.strip() for line in (entry if pasted else _text_of(entry)).splitlines()]
    given = [line for line in lines if line and not line.startswith("#")]
    if not given:
        raise Fault(f"{source} holds no key.")
    return [_checked(line, source) for line in given]


def _text_of(entry: str) -> str:
    try:
        content = content_of(entry)
    except Fault as fault:
        raise Fault(" ".join([*fault.sentences, *_advice(entry)])) from None
    if b"PRIVATE KEY" in content:
        raise Fault(
            f"{entry} is a private key, which must stay on your machine: name {entry}.pub instead."
        )
    return content.decode(errors="replace")


def _advice(entry: str) -> tuple[str, ...]:
    """What to do when there is no such file: which keys are there, or how to make one."""
    try:
        path = path_of(entry)
        if path.exists():
            return ()
        others = sorted(f"{Path(entry).parent / one.name}" for one in path.parent.glob("*.pub"))
    except (Fault, OSError):
        return ()
    if others:
        return (f"There is {', '.join(others)}",)
    return (f"Make a key: {MAKE_ONE}",)


def _blob(line: str) -> str:
    found = LINE.fullmatch(line)
    return found["blob"] if found else line


def _checked(line: str, source: str) -> str:
    """`line` when it is a key that is safe to let in. Raises Fault, naming `source`."""
    found = LINE.fullmatch(line)
    if not found:
        raise Fault(f"{source} has a line that is not a public SSH key: {line[:40]!r}")
    kind, blob = found["kind"], found["blob"]
    if kind == "ssh-dss":
        raise Fault(f"{source} is a DSA key, which no current sshd accepts. {MAKE_A_NEW_ONE}")
    if "-cert-v" in kind:
        raise Fault(f"{source} is an SSH certificate; name the public key itself.")
    if kind not in KINDS:
        raise Fault(f"{source} is of the unknown kind {kind}. {MAKE_A_NEW_ONE}")
    try:
        # What the blob itself says it is must be what stands before it, or sshd ignores the line.
        data = base64.b64decode(blob, validate=True)
        named = data[4 : 4 + int.from_bytes(data[:4], "big")]
        public = _public(f"{kind} {blob}".encode()) if named == kind.encode() else None
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        public = None
    if public is None:
        raise Fault(f"{source} is damaged: it is not a whole {kind} key.")
    if isinstance(public, rsa.RSAPublicKey) and public.key_size < SMALLEST_RSA:
        raise Fault(
            f"{source} is an RSA key of {public.key_size} bits, and {SMALLEST_RSA} are the least. "
            + MAKE_A_NEW_ONE
        )
    return line


def _public(text: bytes) -> object:
    return serialization.load_ssh_public_key(text)


def lets_in(lines: Sequence[str], public: str) -> bool:
    """Whether the key `public` is one of `lines`."""
    return _blob(public) in [_blob(line) for line in lines]


def private_key(text: str) -> str:
    """The public half of the private key in the file `text`, which pyinfra can use as it is.

    Raises Fault, also when someone would have to be asked for a passphrase.
    """
    content = content_of(text)
    if LINE.fullmatch(content.decode(errors="replace").strip()):
        private = text.removesuffix(".pub")
        raise Fault(f"{text} is a public key, and the private one is needed.", right=private)
    loaders = serialization.load_ssh_private_key, serialization.load_pem_private_key
    load = loaders[0] if b"BEGIN OPENSSH" in content else loaders[1]
    try:
        with warnings.catch_warnings(category=CryptographyDeprecationWarning, action="ignore"):
            public = load(content, None).public_key()
            return public.public_bytes(
                serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
            ).decode()
    except TypeError:
        raise Fault(
            f"{text} has a passphrase, which nobody can type during a run. Load it into the "
            f"agent (ssh-add {text}) and leave ssh_key away: keys of the agent are tried then."
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise Fault(f"{text} is not a private SSH key.") from None
