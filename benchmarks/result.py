"""The figures of a benchmark, kept under results/ with the command that made them."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from emulator import Droplet

_FOLDER = Path(__file__).with_name("results")
PYTHON = f"Python {platform.python_version()}"


def write(
    name: str,
    title: str,
    command: str,
    circumstances: str,
    lines: Sequence[str],
    *,
    keep: bool = True,
) -> None:
    """Print a result, and keep it under its name unless it is only a part."""
    head = [f"# {title}", "", f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, {circumstances}", ""]
    text = "\n".join([*head, *lines]).rstrip() + "\n"
    if keep:
        (_FOLDER / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)


def on_a_droplet(droplet: Droplet) -> str:
    """What a figure depends on that was measured on an emulated droplet."""
    return (
        f"on {os.cpu_count()} cores of {platform.machine()}, Linux"
        f" {platform.release().split('-')[0]}; the droplet: 1 vCPU, {droplet.memory} MB, QEMU with"
        f" {droplet.accelerator}."
    )
