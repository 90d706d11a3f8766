"""Where nginx's certificate comes from.

Each mode ends alike: `fullchain.pem` and `privkey.pem` in `/etc/freehold/tls/MODE/`. What is
served from then on is decided in one place, `operations.nginx.nginx_in_force`, which checks the
new pair with nginx itself and reloads it when anything has changed.
"""

from collections.abc import Callable

from pyinfra.api import deploy
from pyinfra.operations import files

from operations.selfsigned import selfsigned_certificate
from settings.model import Settings

FOLDER = "/etc/freehold/tls"


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


MODES: dict[str, Callable[[Settings], None]] = {
    "selfsigned": _selfsigned,
    "provided": _provided,
}


@deploy("Certificates")
def certificates(settings: Settings) -> None:
    """The certificate of the mode that the settings name."""
    files.directory(
        name=f"Keep certificates from everyone but root ({FOLDER})",
        path=FOLDER,
        mode="700",
        user="root",
        group="root",
    )
    MODES[settings.certificate_mode](settings)
