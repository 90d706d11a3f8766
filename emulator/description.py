"""What the project says about the emulated droplet: its groups' data, as pyinfra would read it."""

import runpy
from pathlib import Path

from emulator.ports import WISHES

GROUP_DATA = Path(__file__).parents[1] / "group_data"


def described() -> dict[str, object]:
    """The settings of the groups that the droplet is in; the last group's win."""
    data: dict[str, object] = {}
    for group in ("all", "droplets", "emulated"):
        data |= runpy.run_path(str(GROUP_DATA / f"{group}.py"))
    return data


def origins(https: int) -> dict[str, object]:
    """The setting that forwarded ports ask for, when they are not HTTPS's own.

    A browser that came by another port names it in the origin of its events. Those that are
    wished for are named in any case: then a droplet on another of them is described alike.
    """
    domain = described()["domain"]
    others = sorted({*WISHES["https"], https} - {443})
    named = [f"https://{domain}", *(f"https://{domain}:{port}" for port in others)]
    return {"allowed_origins": named}
