"""The services: nginx, webapp and db, one compose project."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pyinfra.api import deploy

from deploys.rendered import rendered
from deploys.script import script
from operations.applied import applied
from operations.docker import built_image, compose_up
from operations.nginx import nginx_in_force
from operations.secrets import shared_secret
from operations.tree import tree
from settings.model import Settings
from settings.paths import PROJECT
from settings.render import render

SOURCE = PROJECT / "files" / "analytics"
DB_START = PROJECT / "files" / "db" / "start.sh"
# Numeric, for that is what a container sees of a file's owner.
READERS = {"webapp": 10001, "db": 999}


def _shipped(folder: Path) -> Iterator[Path]:
    """What goes into the image: not the tests, not what Python leaves behind."""
    left_out = {"tests", "__pycache__"}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not left_out & set(path.relative_to(folder).parts):
            yield path


def webapp_image(settings: Settings) -> str:
    """The image's name; its tag is a digest of all that it is built from."""
    digest = hashlib.sha256(settings.python_image.encode())
    for path in _shipped(SOURCE):
        digest.update(f"{path.relative_to(SOURCE)}\0".encode() + path.read_bytes() + b"\0")
    return f"freehold/webapp:{digest.hexdigest()[:12]}"


def nginx_configuration(settings: Settings) -> dict[str, str]:
    """Every file that nginx reads of ours, by its path beside nginx.conf."""
    templates = sorted((PROJECT / "templates" / "nginx").rglob("*.j2"))
    pages = sorted((PROJECT / "files" / "nginx").rglob("*.*"))
    return {
        str(path.relative_to(PROJECT / "templates" / "nginx"))[:-3]: render(
            str(path.relative_to(PROJECT / "templates")), settings
        )
        for path in templates
    } | {
        f"pages/{path.relative_to(PROJECT / 'files' / 'nginx')}": path.read_text() for path in pages
    }


@deploy("Stack")
def stack(settings: Settings) -> None:
    """Configuration first, then secrets and image, then nginx's check, then the services."""
    image = webapp_image(settings)
    tmpfiles = "/etc/tmpfiles.d/freehold.conf"
    rendered(
        name="Describe the folders in memory that the services share",
        template="systemd/tmpfiles.conf.j2",
        path=tmpfiles,
        settings=settings,
    )
    applied(
        name="Make the folders in memory that the services share",
        what="tmpfiles",
        paths=[tmpfiles],
        command=f"systemd-tmpfiles --create {tmpfiles}",
        state="stat --format '%a %u %g' /run/freehold /run/freehold/*/ /srv/www",
    )
    shared_secret(
        name="Have a password for the database, born on the host",
        secret="database_password",  # noqa: S106
        readers=READERS,
    )
    built_image(
        name=f"Build {image}",
        image=image,
        context=SOURCE,
        arguments={"PYTHON_IMAGE": settings.python_image},
    )
    _nginx(settings)
    tree(
        name="Write how the database starts (/opt/freehold/db)",
        path="/opt/freehold/db",
        contents={"start.sh": DB_START.read_text()},
        mode="755",
    )
    rendered(
        name="Write the compose project",
        template="docker-compose.yml.j2",
        path="/opt/freehold/candidate.yml",
        settings=settings,
        webapp_image=image,
        db_start=hashlib.sha256(DB_START.read_bytes()).hexdigest()[:12],
    )
    compose_up(
        name="Bring all services up, the database migrated before",
        project="/opt/freehold",
        migrate="migrate",
    )


def _nginx(settings: Settings) -> None:
    script(
        name="Install what replaces nginx's configuration safely",
        program="freehold-nginx",
    )
    tree(
        name="Write nginx's configuration (/etc/freehold/nginx/candidate)",
        path="/etc/freehold/nginx/candidate",
        contents=nginx_configuration(settings),
    )
    nginx_in_force(
        name="Put nginx's configuration and certificate in force, after nginx has checked them",
        certificate=settings.certificate_mode,
        image=settings.nginx_image,
    )
