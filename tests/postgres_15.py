"""A stand-in for `postgres:15`, of Debian 12's packages: what an upgrade begins with."""

import shutil
from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from emulator.droplet import CACHE
from emulator.images.build import _build
from emulator.images.recipes import POSTGRES, Recipe

IMAGE = "postgres:15.14"


class _Older(Recipe):
    @property
    @override
    def folder(self) -> Path:
        return CACHE / "postgres-15"


def archive() -> Path:
    """For `docker load`; made once."""
    finished = CACHE / "postgres-15.tar"
    if finished.exists():
        return finished
    environment = {name: value.replace("17", "15") for name, value in POSTGRES.environment.items()}
    packages = ("postgresql-15", "locales", "tzdata")
    given = replace(POSTGRES, series="15", suite="bookworm", packages=packages)
    older = _Older(**{**vars(given), "environment": environment})
    shutil.rmtree(older.folder, ignore_errors=True)
    shutil.copytree(POSTGRES.folder, older.folder)
    customize = older.folder / "customize"
    customize.write_text(customize.read_text().replace("postgresql/17", "postgresql/15"))
    _build(older, IMAGE, finished)
    return finished
