"""The compose file in force, with another PostgreSQL: what the next deploy would describe."""

import re
from pathlib import Path

from freehold_host.trouble import Trouble

_IMAGE = re.compile(r"^(  db:\n(?:(?!  \S).*\n)*?    image: )(\S+)$", re.MULTILINE)
_VOLUME = re.compile(r"^(\s+name: freehold_db-)(\d+)$", re.MULTILINE)
_MAJOR = re.compile(r"[^:@]*(?::\d+/[^:@]*)?:(\d+)")


def major_of_image(image: str) -> int:
    """The major version that an image's tag begins with."""
    found = _MAJOR.match(image)
    if not found:
        raise Trouble(f"{image} does not say which PostgreSQL it is of.")
    return int(found[1])


def image_of(text: str) -> str:
    """The database's image in a compose file."""
    found = _IMAGE.search(text)
    if not found:
        raise Trouble("The compose file in force names no database. Type: make deploy")
    return found[2]


def write(live: Path, image: str) -> Path:
    """Beside the one in force; of another image and its volume, and else the same."""
    text, images = _IMAGE.subn(rf"\g<1>{image}", live.read_text())
    text, volumes = _VOLUME.subn(rf"\g<1>{major_of_image(image)}", text)
    if (images, volumes) != (1, 1):
        raise Trouble("The compose file in force is of another Freehold. Type: make deploy")
    made = live.with_name("upgrade.yml")
    made.write_text(text)
    return made
