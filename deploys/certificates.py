"""Where nginx's certificate comes from.

Each mode ends alike: `fullchain.pem` and `privkey.pem` in `/etc/freehold/tls/MODE/`. What is
served from then on is decided in one place, `freehold-nginx`, which checks the new pair with
nginx itself and reloads it when anything has changed.
"""

import json
from collections.abc import Callable

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files

from deploys.rendered import rendered
from deploys.root_file import root_file
from deploys.script import package, script
from operations.applied import applied
from operations.certificate import servable_certificate, trusted_certificate
from operations.guarded import guarded_folders
from operations.packages import packages
from operations.selfsigned import selfsigned_certificate
from settings.model import Settings

FOLDER = "/etc/freehold/tls"
CERTBOTS = "/etc/letsencrypt"
AUTHORITY = "/etc/freehold/acme-ca.pem"
UNITS = "/etc/systemd/system"


def _selfsigned(settings: Settings) -> None:
    selfsigned_certificate(
        name="Make a certificate of the host's own",
        folder=f"{FOLDER}/selfsigned",
        names=list(settings.names),
    )


def _provided(settings: Settings) -> None:
    # Each file is closed from its start; the folder keeps their names from others, too.
    files.directory(
        name=f"Keep the certificate's key from everyone but root ({FOLDER}/provided)",
        path=f"{FOLDER}/provided",
        mode="700",
        user="root",
        group="root",
    )
    for file, content in {
        "fullchain.pem": settings.certificate_bundle_text,
        "privkey.pem": settings.certificate_key_text,
    }.items():
        root_file(
            "Bring the owner's certificate",
            content,
            f"{FOLDER}/provided/{file}",
            mode="600",
        )


def _acme(settings: Settings) -> None:
    packages(
        name="Install certbot, and what asks DNS before it",
        names=["certbot", "python3-dnspython"],
    )
    rendered(
        name="Bound certbot's logs",
        template="certbot/cli.ini.j2",
        path=f"{CERTBOTS}/cli.ini",
        settings=settings,
    )
    if settings.acme_ca_text:
        root_file(
            "Know the private authority",
            settings.acme_ca_text,
            AUTHORITY,
            mode="644",
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
        "key_type": settings.acme_key_type,
        "email": settings.email,
        "nginx_image": settings.nginx_image,
    }
    return json.dumps(told, indent=2) + "\n"


def _program(settings: Settings) -> None:
    root_file(
        "Write what is to be certified",
        program_settings(settings),
        "/etc/freehold/certificate.json",
        mode="600",
    )
    package(
        name="Write the program that gets certificates and looks after them",
        package="freehold_certificate",
    )
    script(
        name="Install it",
        program="freehold-certificate",
    )


@deploy("Certificates")
def certificates(settings: Settings) -> None:
    """A certificate that nginx can start on, by the mode that the settings name."""
    guarded_folders(
        name=f"Keep certificates' and accounts' keys from everyone but root ({FOLDER}, {CERTBOTS})",
        folders=[FOLDER, CERTBOTS],
        # Before certbot is installed, whose package would have it open.
        needed=[FOLDER, CERTBOTS] if settings.certificate_mode == "acme" else [FOLDER],
    )
    _program(settings)
    MODES[settings.certificate_mode](settings)


@deploy("Certificates")
def trusted(settings: Settings) -> None:
    """Last, for the authority looks at the site that is up: what it certifies, put in force."""
    if settings.certificate_mode == "acme":
        trusted_certificate(
            name="Have a certificate that visitors trust, and see it served",
            # The names lead to another host still, whose place this one is to take.
            may_fail=bool(host.data.get("_beside")),
        )
