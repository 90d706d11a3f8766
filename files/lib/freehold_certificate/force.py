"""What is served: put it in force, and see that it is."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

from freehold_certificate import certificates
from freehold_certificate.config import Config
from freehold_certificate.lock import alone
from freehold_host import containers
from freehold_host.trouble import Trouble

NGINX = "/usr/local/sbin/freehold-nginx"
# An old nginx process may take a last connection after a reload.
_PATIENCE = 30.0
_MOMENT = 3.0
# Of whoever writes the folder that is served from.
LOCK = "force"


def served(config: Config) -> str:
    """The serial that nginx shows to a visitor of the site; Trouble when nobody answers."""
    # Without the authorities of the world, which nobody is asked for here.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", 443), 10) as plain,
            context.wrap_socket(plain, server_hostname=config.domain) as connection,
        ):
            der = connection.getpeercert(binary_form=True)
    except OSError as error:
        raise Trouble(f"Nothing answers on port 443 ({error}). Type: make deploy") from None
    return serial(der or b"")


def serial(der: bytes) -> str:
    """The serial of a certificate, as openssl writes it."""
    text = ssl.DER_cert_to_PEM_cert(der)
    done = subprocess.run(
        ["openssl", "x509", "-noout", "-serial"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip().removeprefix("serial=")


def copy(source: Path, target: Path) -> None:
    """Make `target` hold the pair of `source`, 0600 in a folder that is 0700 from the first."""
    new = target.with_name(f"{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    for name in ("fullchain.pem", "privkey.pem"):
        content = (source / name).read_bytes()
        descriptor = os.open(new / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)


def apply(config: Config) -> None:
    """Serve what is in the folder of this mode, after nginx has checked it; see that it is."""
    # What is told may be an image that a deploy failed on; a renewal does not wait for the next.
    image = containers.running_image("nginx") or config.nginx_image
    # Also when the links say that it is in force: nginx may not have taken its last reload.
    done = subprocess.run(
        [NGINX, "apply-certificate", "acme", image],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Trouble(
            f"nginx refused the new certificate, and serves the one before: "
            f"{done.stderr.strip()} Type: make deploy"
        )
    wanted = certificates.read(config.acme)
    if not wanted:
        raise Trouble(f"{config.acme} holds no certificate. Type: make deploy")
    found = _served_at_last(config, wanted.serial, _PATIENCE)
    if found != wanted.serial:
        raise Trouble(
            f"nginx still serves the certificate {found} and not {wanted.serial}, which it was "
            "given. Type: make deploy"
        )


def _served_at_last(config: Config, wanted: str, seconds: float) -> str:
    """What is served, asked again until it is `wanted` or the time is over."""
    deadline = time.monotonic() + seconds
    while (found := served(config)) != wanted and time.monotonic() < deadline:
        time.sleep(1)
    return found


def serves(config: Config, wanted: str) -> bool:
    """Whether a visitor is shown this serial; also when nginx reloads at this moment."""
    try:
        return _served_at_last(config, wanted, _MOMENT) == wanted
    except Trouble:
        return False


def deployed(config: Config) -> bool:
    """Put what certbot has got in force; False when it was already."""
    # The hook of certbot's timer may come while an order of the owner's does the same.
    with alone(config, LOCK):
        return _deployed(config)


def _deployed(config: Config) -> bool:
    found = certificates.read(config.lineage)
    if not found or not certificates.has_key(config.lineage, found):
        raise Trouble(f"{config.lineage} holds no whole certificate. Type: make certificate")
    if not certificates.same(config.lineage, config.acme):
        copy(config.lineage, config.acme)
    elif served(config) == found.serial:
        return False
    apply(config)
    return True
