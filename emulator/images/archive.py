"""Docker's archive format, written and read without Docker.

A plain tar, not compressed: on a slow virtual machine `docker load` spends more time on
unpacking gzip than the disk or a virtual network needs for the larger file.
https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

# Every file bears this time, so that the same packages make the same layer.
_EPOCH = 1_767_225_600

# What the kernel or Docker puts there; what only a package manager would read again.
_EMPTIED = (
    *("dev", "proc", "run/lock", "sys", "tmp", "var/tmp"),
    *("var/cache/apt", "var/cache/debconf", "var/lib/apt/lists", "var/log/apt"),
)


class Manifest(TypedDict):
    """An image in an archive: where its parts are, and its names."""

    Config: str
    RepoTags: list[str]
    Layers: list[str]


@dataclass(frozen=True)
class Archive:
    """A finished image: `docker load --input PATH` makes it available as `tag`."""

    tag: str
    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def manifest(self) -> Manifest:
        """The archive's table of contents."""
        with tarfile.open(self.path) as archive:
            images: list[Manifest] = json.loads(_read(archive, "manifest.json"))
        return images[0]

    def configuration(self) -> dict[str, Any]:
        """What Docker is told about the image."""
        with tarfile.open(self.path) as archive:
            return dict(json.loads(_read(archive, self.manifest()["Config"])))


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    if member is None:
        raise ValueError(f"{name} in {archive.name!r} is not a file")
    return member.read()


def _paths(root: Path) -> Iterator[Path]:
    """Everything below `root` that belongs into an image, in an order that is always the same."""
    emptied = {root / name for name in _EMPTIED}
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        if here in emptied:
            folders.clear()
            continue
        folders.sort()
        yield from sorted(here / name for name in (*folders, *files))


def _entry(layer: tarfile.TarFile, path: Path, root: Path) -> None:
    entry = layer.gettarinfo(path, str(path.relative_to(root)))
    entry.mtime, entry.uname, entry.gname = _EPOCH, "", ""
    if entry.isreg():
        with path.open("rb") as content:
            layer.addfile(entry, content)
    else:
        layer.addfile(entry)


def write_layer(root: Path, target: Path) -> None:
    """Write the file system at `root` as one layer, owners by number."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as layer:
        for path in _paths(root):
            _entry(layer, path, root)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime = len(content), _EPOCH
    archive.addfile(entry, io.BytesIO(content))


def write_archive(
    layer: Path, target: Path, *, tag: str, architecture: str, runtime: Mapping[str, object]
) -> None:
    """Write an image of one layer, in the form that `docker load` takes."""
    with layer.open("rb") as content:
        layer_id = hashlib.file_digest(content, "sha256").hexdigest()
    # The true time: whoever prunes images by their age must not take a new one for an old one.
    now = datetime.now(tz=UTC).isoformat()
    configuration = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "created": now,
            "config": runtime,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_id}"]},
            "history": [{"created": now, "created_by": "emulator.images"}],
        }
    ).encode()
    image = f"{hashlib.sha256(configuration).hexdigest()}.json"
    layers = [f"{layer_id}/layer.tar"]
    with tarfile.open(target, "w") as archive:
        manifest = [{"Config": image, "RepoTags": [tag], "Layers": layers}]
        _add(archive, "manifest.json", json.dumps(manifest).encode())
        _add(archive, image, configuration)
        archive.add(layer, layers[0])


def unpack(archive: Archive, target: Path) -> None:
    """Unpack the image's file system into the empty folder `target`; owners need root."""
    (layer,) = archive.manifest()["Layers"]
    with tarfile.open(archive.path) as outer:
        content = outer.extractfile(layer)
        if content is None:
            raise ValueError(f"{archive.path} holds no layer")
        with tarfile.open(fileobj=content) as inner:
            # An image has set-user-id files and absolute links.
            inner.extractall(target, filter="fully_trusted", numeric_owner=True)  # noqa: S202 - our own
