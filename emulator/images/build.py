"""Builds the stand-ins, once for each recipe."""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from emulator.images.archive import Archive, write_archive, write_layer
from emulator.images.recipes import FOLDER, RECIPES, Recipe
from emulator.mirror import debian_sources
from emulator.mmdebstrap import install

# What nobody reads in a container.
_LEFT_OUT = (
    "/usr/share/bash-completion/*",
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
)
_KEPT = ("/usr/share/locale/locale.alias",)

_SLIM = FOLDER / "slim"


def _key(recipe: Recipe, tag: str) -> str:
    """Changes whenever a rebuilt image could differ for a reason that is ours."""
    digest = hashlib.sha256(tag.encode())
    for path in sorted([*FOLDER.glob("*.py"), _SLIM, *recipe.folder.rglob("*")]):
        if path.is_file():
            digest.update(f"{path.relative_to(FOLDER)}\0{path.stat().st_mode:o}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _sources(suite: str) -> list[str]:
    known = debian_sources(suite)
    # Testing has no security suite worth the name, and its updates suite is empty.
    return known if suite != "forky" else [line for line in known if line.endswith(" forky main")]


def _install(recipe: Recipe, root: Path, log: Path) -> None:
    """Install the packages into `root`."""
    command = ["--variant=essential", "--format=directory"]
    command.append(f"--include={','.join(recipe.packages)}")
    command.append('--aptopt=Apt::Install-Recommends "false"')
    if recipe.suite == "forky":
        # Testing's index expires within a week, and some mirrors are snapshots that are older.
        # The signature is checked all the same; this image serves nobody but the lab.
        command.append('--aptopt=Acquire::Check-Valid-Until "false"')
    command += [f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT]
    command += [f"--dpkgopt=path-include={path}" for path in _KEPT]
    prepare = recipe.folder / "prepare"
    if prepare.exists():
        command.append(f"--essential-hook={prepare}")
    command += [recipe.suite, str(root), *_sources(recipe.suite)]
    install(f"the stand-in for {recipe.name}", command, log)


def _shape(recipe: Recipe, root: Path) -> None:
    """Turn the installed packages into what the official image offers."""
    # Not as hooks of mmdebstrap: it empties /run after them.
    subprocess.run([recipe.folder / "customize", root], check=True)
    subprocess.run([_SLIM, root], check=True)
    overlay = recipe.folder / "root"
    if overlay.exists():
        shutil.copytree(overlay, root, dirs_exist_ok=True)


def _architecture() -> str:
    """Debian's name of this machine's kind, which is Docker's too on amd64 and arm64."""
    asked = ["dpkg", "--print-architecture"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def _build(recipe: Recipe, tag: str, finished: Path) -> None:
    """Build under another name, and rename when it is whole: what has the name is complete."""
    cache = finished.parent
    with TemporaryDirectory(dir=cache, prefix=f"{recipe.name}-") as scratch:
        # Searchable by all: apt fetches as a user of its own.
        Path(scratch).chmod(0o755)
        root, layer, made = (Path(scratch) / name for name in ("root", "layer.tar", "image.tar"))
        _install(recipe, root, cache / f"{recipe.name}.log")
        _shape(recipe, root)
        write_layer(root, layer)
        write_archive(layer, made, tag=tag, architecture=_architecture(), runtime=recipe.runtime)
        made.rename(finished)


def _unfit(name: str, tag: str) -> str | None:
    """Why no stand-in can be `tag`, if so."""
    version = tag.partition(":")[2]
    if "@" in tag:
        return "a stand-in cannot have the digest of the official image"
    if not (version + ".").replace("-", ".").startswith(RECIPES[name].series + "."):
        return f"the stand-in is of the series {RECIPES[name].series}"
    return None


def _make(archive: Archive, report: Callable[[str], None]) -> None:
    name = archive.path.name.rpartition("-")[0]
    report(f"--> Building a stand-in for {archive.tag} (once) …")
    start = time.monotonic()
    _build(RECIPES[name], archive.tag, archive.path)
    for superseded in set(archive.path.parent.glob(f"{name}-*.tar")) - {archive.path}:
        superseded.unlink()
    megabytes = archive.path.stat().st_size / 1e6
    report(f"    {archive.tag}: {megabytes:.0f} MB in {time.monotonic() - start:.0f} s")


def stand_ins(
    images: Mapping[str, str], cache: Path, report: Callable[[str], None]
) -> list[Archive]:
    """An archive for each of `images`, built where `cache` has none of the current recipe.

    `images` maps "nginx", "postgres" and "python" to the names that the settings give them;
    `report` receives a line when something long begins and when it has ended, and when an image
    can only be the official one, which a registry must give. Raises EmulatorError, with what to
    type, when a build fails.
    """
    cache.mkdir(parents=True, exist_ok=True)
    archives = []
    for name, tag in images.items():
        if unfit := _unfit(name, tag):
            report(f"{tag} must come from a registry: {unfit}")
        else:
            archives.append(Archive(tag, cache / f"{name}-{_key(RECIPES[name], tag)}.tar"))

    # Two at a time: one unpacks while the other waits for a mirror.
    with ThreadPoolExecutor(max_workers=2) as builders:
        missing = [one for one in archives if not one.path.exists()]
        list(builders.map(lambda one: _make(one, report), missing))
    return archives
