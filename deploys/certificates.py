"""Where nginx's certificate comes from.

Each mode ends alike: `fullchain.pem` and `privkey.pem` in `/etc/freehold/tls/MODE/`. What is
served from then on is decided in one place, `freehold-nginx`, which checks the new pair with
nginx itself and reloads it when anything has changed.
"""

import json
from collections.abc import Callable
from io import StringIO

from pyinfra.api import deploy
from pyinfra.operations import files

from deploys.rendered import rendered
from deploys.script import script
from deploys.timer import timer
from operations.applied import applied
from operations.certificate import servable_certificate, trusted_certificate
from operations.packages import packages
from operations.selfsigned import selfsigned_certificate
from operations.tree import tree
from settings.model import Settings
from settings.paths import PROJECT

FOLDER = "/etc/freehold/tls"
PROGRAM = PROJECT / "files" / "lib" / "freehold_certificate"
AUTHORITY = "/etc/freehold/acme-ca.pem"
UNITS = "/etc/systemd/system"


def _selfsigned(settings: Settings) -> None:
    selfsigned_certificate(
        name="Make a certificate of the host's own",
        folder=f"{FOLDER}/selfsigned",
        names=list(settings.names),
    )


def _provided(settings: Settings) -> None:
    # A key is uploaded first and gets its mode afterwards, so the folder must be closed before.
    files.directory(
        name=f"Keep the certificate's key from everyone but root ({FOLDER}/provided)",
        path=f"{FOLDER}/provided",
        mode="700",
        user="root",
        group="root",
    )
    for file, source in {
        "fullchain.pem": settings.certificate_bundle_file,
        "privkey.pem": settings.certificate_key_file,
    }.items():
        files.put(
            name=f"Bring the owner's certificate ({FOLDER}/provided/{file})",
            src=str(source),
            dest=f"{FOLDER}/provided/{file}",
            mode="600",
            user="root",
            group="root",
            create_remote_dir=False,
        )


def _acme(settings: Settings) -> None:
    packages(
        name="Install certbot, and what asks DNS before it",
        names=["certbot", "python3-dnspython"],
    )
    rendered(
        name="Bound certbot's logs",
        template="certbot/cli.ini.j2",
        path="/etc/letsencrypt/cli.ini",
        settings=settings,
    )
    files.directory(
        name="Keep the account's key from everyone but root (/etc/letsencrypt)",
        path="/etc/letsencrypt",
        mode="700",
        user="root",
        group="root",
    )
    if settings.acme_ca_file:
        files.put(
            name=f"Know the private authority ({AUTHORITY})",
            src=str(settings.acme_ca_file),
            dest=AUTHORITY,
            mode="644",
            user="root",
            group="root",
            create_remote_dir=False,
        )
    else:
        files.file(
            name=f"Know no private authority ({AUTHORITY})",
            path=AUTHORITY,
            present=False,
        )
    drop_in = f"{UNITS}/certbot.service.d/freehold.conf"
    rendered(
        name="Have each renewal put in force, and each failure remembered",
        template="systemd/certbot.conf.j2",
        path=drop_in,
        settings=settings,
        make_folder=True,
    )
    applied(
        name="Renew certificates when they are due",
        what="certbot",
        paths=[drop_in],
        command=(
            "systemctl enable --quiet --no-reload certbot.timer"
            " && systemctl daemon-reload && systemctl start certbot.timer"
        ),
        state="systemctl is-enabled certbot.timer; systemctl is-active certbot.timer",
    )
    _selfsigned(settings)
    servable_certificate(name="Have a certificate to start on, until the authority has answered")


MODES: dict[str, Callable[[Settings], None]] = {
    "acme": _acme,
    "selfsigned": _selfsigned,
    "provided": _provided,
}


def program_settings(settings: Settings) -> str:
    """What the host's own program needs to know."""
    told = {
        "mode": settings.certificate_mode,
        "names": list(settings.names),
        "server": settings.acme_directory,
        "profile": settings.acme_profile,
        "email": settings.email,
        "nginx_image": settings.nginx_image,
        "notify_url": settings.notify_url,
    }
    return json.dumps(told, indent=2) + "\n"


def _program(settings: Settings) -> None:
    # Closed, for the address of a webhook may be a secret.
    files.put(
        name="Write what is to be certified (/etc/freehold/certificate.json)",
        src=StringIO(program_settings(settings)),
        dest="/etc/freehold/certificate.json",
        mode="600",
        user="root",
        group="root",
        create_remote_dir=False,
    )
    tree(
        name="Write the program that gets certificates and looks after them (/usr/local/lib)",
        path="/usr/local/lib/freehold/freehold_certificate",
        contents={path.name: path.read_text() for path in sorted(PROGRAM.glob("*.py"))},
    )
    script(
        name="Install it",
        program="freehold-certificate",
    )


@deploy("Certificates")
def certificates(settings: Settings) -> None:
    """A certificate that nginx can start on, by the mode that the settings name."""
    files.directory(
        name=f"Keep certificates from everyone but root ({FOLDER})",
        path=FOLDER,
        mode="700",
        user="root",
        group="root",
    )
    _program(settings)
    MODES[settings.certificate_mode](settings)


@deploy("Certificates")
def trusted(settings: Settings) -> None:
    """Last, for the authority looks at the site that is up: what it certifies, put in force."""
    # Before the order, so that the owner is told also when it fails.
    timer(
        "freehold-certificate",
        settings,
        describe="Describe the look at the certificate",
        have="Look at the certificate four times a day",
    )
    if settings.certificate_mode == "acme":
        trusted_certificate(name="Have a certificate that visitors trust, and see it served")
