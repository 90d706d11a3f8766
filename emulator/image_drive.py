"""The drive with the stand-ins, from which the droplet's Docker loads what it cannot pull."""

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from emulator.description import described
from emulator.images import Archive, stand_ins
from emulator.progress import say, step

# Recipe of the stand-in, by the setting that names the image.
SETTINGS = {"nginx": "nginx_image", "postgres": "postgres_image", "python": "python_image"}


def image_names() -> Mapping[str, str]:
    """The images that the emulated droplet's settings name, by recipe."""
    data = described()
    return {recipe: str(data[setting]) for recipe, setting in SETTINGS.items()}


def _write(drive: Path, archives: list[Archive]) -> None:
    with TemporaryDirectory(dir=drive.parent) as scratch:
        index = Path(scratch) / "index"
        index.write_text("".join(f"{one.tag} {one.path.name}\n" for one in archives))
        made = Path(scratch) / "drive.iso"
        subprocess.run(
            [
                *("genisoimage", "-quiet", "-volid", "IMAGES", "-rock", "-output", str(made)),
                *(str(path) for path in (index, *(one.path for one in archives))),
            ],
            check=True,
        )
        made.rename(drive)


def image_drive(cache: Path) -> Path:
    """The drive of the present settings, built when the cache has none."""
    archives = stand_ins(image_names(), cache / "images", say)
    digest = hashlib.sha256("".join(sorted(one.path.name for one in archives)).encode())
    drive = cache / f"images-{digest.hexdigest()[:12]}.iso"
    if not drive.exists():
        with step("Writing the drive with the images"):
            _write(drive, archives)
    return drive
