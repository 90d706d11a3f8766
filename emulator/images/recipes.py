"""What each stand-in is made of, and what it tells Docker about itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Recipe:
    """One stand-in.

    In the folder `emulator/images/NAME`: `prepare` runs before the packages are installed and
    `customize` after, each with the new system's root as its argument; `root/` is laid over it.
    """

    name: str
    series: str
    """Which versions it can stand in for: the tag of the official image begins so."""
    suite: str
    packages: tuple[str, ...]
    config: Mapping[str, object]
    """The image configuration, in Docker's words.
    https://github.com/moby/docker-image-spec/blob/main/spec.md"""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def runtime(self) -> dict[str, object]:
        """The configuration with the environment in it."""
        variables = {"PATH": _PATH, **self.environment}
        return {**self.config, "Env": [f"{key}={value}" for key, value in variables.items()]}


NGINX = Recipe(
    name="nginx",
    series="1.30",
    # Trixie has 1.26, which knows neither add_header_inherit nor keepalive_min_timeout.
    suite="forky",
    packages=("nginx", "ca-certificates", "curl", "gettext-base"),
    config={
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["nginx", "-g", "daemon off;"],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
    },
)

POSTGRES = Recipe(
    name="postgres",
    series="17",
    suite="trixie",
    packages=("postgresql-17", "locales", "tzdata"),
    config={
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["postgres"],
        "ExposedPorts": {"5432/tcp": {}},
        "StopSignal": "SIGINT",
        "Volumes": {"/var/lib/postgresql/data": {}},
    },
    environment={
        "PATH": f"{_PATH}:/usr/lib/postgresql/17/bin",
        "LANG": "en_US.utf8",
        "PG_MAJOR": "17",
        "PGDATA": "/var/lib/postgresql/data",
    },
)

PYTHON = Recipe(
    name="python",
    series="3.13",
    suite="trixie",
    # libstdc++6: the official image has it too, as apt needs it, and RE2 is written in C++.
    packages=(
        *("python3", "python3-pip", "python3-venv", "ca-certificates", "passwd", "tzdata"),
        "libstdc++6",
    ),
    config={"Cmd": ["python3"]},
    environment={"LANG": "C.UTF-8"},
)

RECIPES = {recipe.name: recipe for recipe in (NGINX, POSTGRES, PYTHON)}
