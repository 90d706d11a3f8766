"""The site's files: a folder a release, and one link to the live one."""

import base64
import hashlib
import os
import shlex
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path

from pyinfra import host
from pyinfra.api import FactBase, operation
from typing_extensions import override

from operations.aside import aside
from operations.origin import Origin
from operations.rsync import Rsync

ROOT = "/srv/www"
RECORDS = "/opt/freehold/releases/site"
# What the live release is called while there is none.
NONE = "none"
# Whose all of it is, by number.
OWNER = "0 0"
# In bytes: what the smallest file takes.
BLOCK = 4096


@dataclass(frozen=True)
class LiveSite:
    """The live release's name, the digest of what it holds as it is, and the host's time."""

    release: str
    content: str
    now: str


class Site(FactBase[LiveSite]):
    """The live release."""

    @override
    def command(self) -> str:
        return (
            f"readlink {ROOT}/current || echo {NONE}; date -u +%Y%m%dT%H%M%SZ; "
            f"cd {ROOT}/current/ 2>/dev/null && "
            "find . -printf '%m %U %G %y %P\\n' -type f -exec sha256sum -z {} + | tr '\\0' '\\n'"
            " | LC_ALL=C sort | sha256sum | cut -c1-12 || true"
        )

    @override
    def process(self, output: Iterable[str]) -> LiveSite:
        release, now, *content = list(output)
        return LiveSite(release, content[0] if content else "", now)


class SiteFiles(FactBase[set[bytes]]):
    """The files of the live release, as `listed` has them."""

    @override
    def command(self) -> str:
        # A name may hold anything but the character that separates.
        files = "find . -type f -exec sha256sum -z {} + | base64"
        return f"cd {ROOT}/current/ 2>/dev/null && {files} || true"

    @staticmethod
    @override
    def default() -> set[bytes]:
        return set()

    @override
    def process(self, output: Iterable[str]) -> set[bytes]:
        return set(base64.b64decode("".join(output)).split(b"\0"))


def listed(path: Path, folder: Path) -> bytes:
    """A file's content and its name in `folder`, as sha256sum says it on the host."""
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return b"%b  ./%b" % (content.encode(), os.fsencode(path.relative_to(folder)))


def _megabytes(folder: Path, there: set[bytes]) -> int:
    """What a release of `folder` takes at most; a file that is `there` is a link."""
    blocks = 0
    for path in folder.rglob("*"):
        if path.is_dir() or listed(path, folder) not in there:
            blocks += path.stat().st_size // BLOCK + 1
    return blocks * BLOCK // 1_048_576 + 1


def _room(incoming: str, needed: int, reserve: int) -> str:
    """The command that fails, with a sentence, before a release fills the disk."""
    free = f"$(df --output=avail --block-size=1M {ROOT}/releases | tail -n 1)"
    enough = f"[ {free} -ge {needed + reserve} ]"
    return (
        # What a run that was cut off has brought is gone on with, if there is room for it.
        f"{enough} || rm -rf {incoming}; {enough} || {{"
        f" echo The server has {free} MB of disk left. The new release of the site needs {needed}"
        f" MB, and {reserve} MB must stay free. The old one goes on.;"
        " echo 'See what takes it: make ssh, then: du -xh / | sort -h | tail. When there is room:"
        " make deploy'; exit 1; }"
    )


def _lead(link: str, release: str) -> str:
    """The command by which a link leads to a release, without a moment in which it is not there."""
    return f"ln -sfn {release} {ROOT}/{link}.new && mv -T {ROOT}/{link}.new {ROOT}/{link}"


@operation()
def site_release(
    folder: Path, content: str, kept: int, reserve: int, origin: Origin
) -> Generator[str | Rsync, None, None]:
    """Make `folder` the live release, unless the live one has the same content.

    Files that did not change are links to those of the release before, so that a release takes
    the space and the time of what is new, and an unchanged page keeps its ETag.

    + folder: what is to be served, as it is
    + content: a digest of names, modes, owners and contents, as the fact `Site` makes it
    + kept: how many releases stay
    + reserve: how many megabytes of the disk stay free
    + origin: what the release is remembered by
    """
    live = host.get_fact(Site)
    if live.content == content:
        host.noop("The site is live as it is")
        return
    # The host's own time: the clocks of those who deploy may differ, and the oldest are removed.
    release = f"releases/{live.now}-{content}"
    incoming = f"{ROOT}/releases/.incoming"
    needed = aside(_megabytes, folder, host.get_fact(SiteFiles))
    yield f"install -d -m 0755 {ROOT}/releases; {_room(incoming, needed, reserve)}"
    # Or a file that was given away by hand would be linked as it is.
    yield f"mkdir -p {incoming} && chown -R -h {OWNER.replace(' ', ':')} {ROOT}/releases"
    # With --perms, or a file whose mode was changed by hand would be linked as it is.
    flags = ["--recursive", "--checksum", "--delete", "--perms", "--chmod=D755,F644"]
    # A shell reads it; where TMPDIR leads, it may have spaces.
    source = shlex.quote(f"{folder}/")
    yield Rsync(source, f"{incoming}/", [*flags, f"--link-dest={ROOT}/current/"])
    name = release.partition("/")[2]
    yield (
        f"mkdir -p {RECORDS} && echo {shlex.quote(origin.told())} >{RECORDS}/{name}.json"
        f" && mv {incoming} {ROOT}/{release}"
        # Or a power cut would leave a link to pages that are empty: rsync flushes nothing.
        f" && sync -f {ROOT}/{release}"
    )
    if live.release != NONE:
        # For the pages that visitors have open (templates/nginx/site.conf.j2).
        yield _lead("before", live.release)
    yield _lead("current", release)
    # What was loosened by hand may be in a release before.
    yield f"chmod -R go-w {ROOT}/releases"
    before = live.release.partition("/")[2]
    others = f"{{ echo {before}; ls -r | grep -vx -e {name} -e '{before}'; }}"
    yield (
        f"cd {ROOT}/releases && {others} | tail -n +{kept} | xargs -r rm -rf;"
        f" cd {RECORDS} && for one in *.json; do"
        f' [ -d {ROOT}/releases/"${{one%.json}}" ] || rm "$one"; done'
    )
