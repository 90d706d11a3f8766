"""The services: nginx, webapp, worker and db, one compose project."""

import hashlib
import shutil
from pathlib import Path

from pyinfra.api import deploy

from deploys.rendered import rendered
from deploys.script import package, script
from deploys.staging import staging
from operations.applied import applied
from operations.docker import built_image, compose_up
from operations.nginx import nginx_in_force
from operations.origin import origin_of
from operations.secrets import shared_secret
from operations.tree import tree
from settings.model import Settings
from settings.paths import PROJECT
from settings.render import render

SOURCE = PROJECT / "files" / "analytics"
SHIPPED = ("Dockerfile", ".dockerignore", "requirements.txt", "gunicorn.conf.py", "src")
NOT_SHIPPED = ("__pycache__", "*.egg-info", "dev", ".*")
DB_START = PROJECT / "files" / "db" / "start.sh"
# Numeric, for that is what a container sees of a file's owner.
READERS = {"webapp": 10001, "db": 999}


def shipped(source: Path, folder: Path) -> None:
    """Copy to `folder` what the image is built from, and nothing that working here leaves behind.

    What a test, an editor or a virtual environment puts beside it must not make another image.
    """
    for name in SHIPPED:
        path = source / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns(*NOT_SHIPPED))
        else:
            shutil.copyfile(path, folder / name)


def webapp_image(settings: Settings, context: Path) -> str:
    """The image's name; its tag is a digest of all that it is built from."""
    digest = hashlib.sha256(settings.python_image.encode())
    for path in sorted(path for path in context.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(context)}\0".encode() + path.read_bytes() + b"\0")
    return f"freehold/webapp:{digest.hexdigest()[:12]}"


def nginx_configuration(settings: Settings) -> dict[str, str]:
    """Every file that nginx reads of ours, by its path beside nginx.conf."""
    templates = sorted((PROJECT / "templates" / "nginx").rglob("*.j2"))
    pages = sorted((PROJECT / "files" / "nginx").rglob("*.*"))
    extra = settings.nginx_extra_file
    owners = {settings.nginx_extra_name: extra.read_text()} if extra else {}
    return (
        owners
        | {
            str(path.relative_to(PROJECT / "templates" / "nginx"))[:-3]: render(
                str(path.relative_to(PROJECT / "templates")), settings
            )
            for path in templates
        }
        | {
            f"pages/{path.relative_to(PROJECT / 'files' / 'nginx')}": path.read_text()
            for path in pages
        }
    )


@deploy("Stack")
def stack(settings: Settings) -> None:
    """Configuration first, then secrets and image, then nginx's check, then the services."""
    context = staging()
    shipped(SOURCE, context)
    image = webapp_image(settings, context)
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
        state=(
            "stat --format '%a %u %g' /run/freehold /run/freehold/nginx /run/freehold/webapp"
            " /srv/www /srv/www/releases"
        ),
    )
    _keys(settings)
    shared_secret(
        name="Have a password for the database, born on the host",
        secret="database_password",  # noqa: S106 - a name
        readers=READERS,
    )
    shared_secret(
        name="Have a key for the tokens of QUIC, born on the host",
        secret="quic_host_key",  # noqa: S106 - a name
        readers={},
    )
    built_image(
        name=f"Build {image}",
        image=image,
        context=context,
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
    rendered(
        name="Keep what commands print to their owner out of all logs",
        template="commands.yml.j2",
        path="/opt/freehold/commands.yml",
        settings=settings,
    )
    _rollout(settings)
    compose_up(
        name="Bring all services up, the database migrated before",
        project="/opt/freehold",
        migrate="migrate",
        origin=origin_of(PROJECT),
        undo=f"freehold-nginx undo {settings.certificate_mode} {settings.nginx_image}",
    )


def _rollout(settings: Settings) -> None:
    package(
        name="Write the program that replaces the services",
        package="freehold_rollout",
    )
    script(
        name="Install it",
        program="freehold-rollout",
    )
    unit = "/etc/systemd/system/freehold-standby.service"
    rendered(
        name="Describe what ends the version before, when the hour of a quick rollback is over",
        template="systemd/freehold-standby.service.j2",
        path=unit,
        settings=settings,
    )
    applied(
        name="End it at a boot too",
        what="standby",
        paths=[unit],
        command="systemctl enable --quiet --no-reload freehold-standby.service"
        " && systemctl daemon-reload",
        state="systemctl is-enabled freehold-standby.service",
    )


def _keys(settings: Settings) -> None:
    unit = "/etc/systemd/system/run-freehold-keys.mount"
    rendered(
        name="Describe where the keys of the day's visitors lie",
        template="systemd/run-freehold-keys.mount.j2",
        path=unit,
        settings=settings,
    )
    applied(
        name="Keep the keys of the day's visitors in memory that is never swapped",
        what="keys",
        paths=[unit],
        command=(
            "systemctl enable --quiet --no-reload run-freehold-keys.mount"
            " && systemctl daemon-reload && systemctl restart run-freehold-keys.mount"
        ),
        state=(
            "systemctl is-enabled run-freehold-keys.mount;"
            " findmnt --noheadings --output FSTYPE,OPTIONS /run/freehold/keys"
        ),
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
