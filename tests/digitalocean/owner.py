"""An owner of droplets: a project with a description, and what is typed there."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from tests.digitalocean.ocean_lab import DOMAIN, FULL
from tests.runs import PYINFRA, Run, run

DROPLET = (PYINFRA, "@local", "droplet.py", "-y")
DEPLOY = (PYINFRA, "inventory.py", "deploy.py", "-y")


@dataclass
class Owner:
    """A project with a description, and what its owner types."""

    project: Path
    folder: Path
    url: str
    token: str = field(default=FULL, kw_only=True)

    def type(self, *words: str, typed: str = "", **environment: str) -> Run:
        """Run what is typed; `typed` is the answer to what is asked meanwhile."""
        given = {
            "DIGITALOCEAN_TOKEN": self.token,
            "DIGITALOCEAN_API_URL": self.url,
            "FREEHOLD_DROPLETS": str(self.folder / "machine"),
            "FREEHOLD_EMULATOR": str(self.folder / "none"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "SSH_AUTH_SOCK": "",
        }
        return run(*words, project=self.project, typed=typed, **given | environment)

    def hosts(self, **environment: str) -> tuple[dict[str, dict[str, object]], str]:
        """The hosts of the inventory by name, and all that was said."""
        done = self.type(PYINFRA, "inventory.py", "debug-inventory", "--json", **environment)
        assert done.code == 0, done.said
        return {host["name"]: host for host in json.loads(done.stdout)}, done.said


def describe(project: Path, folder: Path, key: Path, **more: object) -> None:
    described: dict[str, object] = {
        "domain": DOMAIN,
        "site_path": str(folder / "site"),
        "authorized_keys": [f"{key}.pub"],
        "droplet_region": "fra1",
        "reserved_address": "yes",
        "uptime_check": True,
        **more,
    }
    lines = (f"{name} = {value!r}\n" for name, value in described.items())
    (project / "group_data" / "droplets.py").write_text("".join(lines))
