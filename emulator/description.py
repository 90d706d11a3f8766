"""What the project says about the emulated droplet: its groups' data, as pyinfra would read it."""

import runpy
from pathlib import Path

GROUP_DATA = Path(__file__).parents[1] / "group_data"


def described() -> dict[str, object]:
    """The settings of the groups that the droplet is in; the last group's win."""
    data: dict[str, object] = {}
    for group in ("all", "droplets", "emulated"):
        data |= runpy.run_path(str(GROUP_DATA / f"{group}.py"))
    return data


def origins(https: int) -> dict[str, object]:
    """The setting that a forwarded port asks for, when it is not HTTPS's own.

    A browser that came by another port names it in the origin of its events.
    """
    if https == 443:
        return {}
    domain = described()["domain"]
    return {"allowed_origins": [f"https://{domain}", f"https://{domain}:{https}"]}
