"""The site's files: a folder a release, and one link to the live one."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyinfra import host
from pyinfra.api import FactBase, RsyncCommand, operation
from typing_extensions import override

ROOT = "/srv/www"


@dataclass(frozen=True)
class LiveSite:
    """The name of the live release, and the digest of the listing of its files as they are."""

    release: str
    listing: str


class Site(FactBase[LiveSite]):
    """The live release."""

    @override
    def command(self) -> str:
        return (
            f"readlink {ROOT}/current || echo none; cd {ROOT}/current/ 2>/dev/null && "
            "find . -type f -printf '%P %s %m\\n' | LC_ALL=C sort | sha256sum | cut -c1-12 || true"
        )

    @override
    def process(self, output: Iterable[str]) -> LiveSite:
        release, *listing = list(output)
        return LiveSite(release, listing[0] if listing else "")


@operation()
def site_release(
    folder: Path, content: str, listing: str, kept: int
) -> Generator[str | RsyncCommand, None, None]:
    """Make `folder` the live release, unless the live one has the same content.

    Files that did not change are links to those of the release before, so that a release takes
    the space and the time of what is new, and an unchanged page keeps its ETag.

    + folder: what is to be served, as it is
    + content: a digest of names and contents
    + listing: a digest of names, sizes and modes: what the host can say of its own at once
    + kept: how many releases stay
    """
    live = host.get_fact(Site)
    if live.release.endswith(f"-{content}") and live.listing == listing:
        host.noop("The site is live as it is")
        return
    release = f"releases/{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}-{content}"
    incoming = f"{ROOT}/releases/.incoming"
    yield f"install -d -m 0755 {ROOT}/releases && mkdir -p {incoming}"
    flags = ["--recursive", "--checksum", "--delete", "--chmod=D755,F644"]
    yield RsyncCommand(f"{folder}/", f"{incoming}/", [*flags, f"--link-dest={ROOT}/current/"])
    yield f"mv {incoming} {ROOT}/{release}"
    yield f"ln -sfn {release} {ROOT}/current.new && mv -T {ROOT}/current.new {ROOT}/current"
    yield f"cd {ROOT}/releases && ls -r | tail -n +{kept + 1} | xargs -r rm -rf"
