"""Docker images and the compose project, compared before anything is run."""

import shlex
from collections.abc import Generator, Iterable
from pathlib import Path

from pyinfra import host
from pyinfra.api import FactBase, operation
from typing_extensions import override

from facts.holds import Holds
from operations.origin import Origin
from operations.rsync import Rsync


class ComposeDifferences(FactBase[list[str]]):
    """What differs from the candidate file, a line each; empty when all is up and healthy."""

    @override
    def command(self, project: str) -> str:
        folder = shlex.quote(project)
        return (
            f"cd {folder} 2>/dev/null && cmp -s candidate.yml docker-compose.yml && "
            '[ "$(stat --format "%a %u %g" docker-compose.yml)" = "644 0 0" ] || '
            "{ echo the compose file differs; exit 0; }; "
            "freehold-rollout differences candidate.yml 2>&1 || echo nothing could be compared"
        )

    @staticmethod
    @override
    def default() -> list[str]:
        return []

    @override
    def process(self, output: Iterable[str]) -> list[str]:
        return [line.strip() for line in output if line.strip()]


@operation()
def built_image(
    image: str, context: Path, arguments: dict[str, str]
) -> Generator[str | Rsync, None, None]:
    """Build `image` from the local folder `context`, unless the host has it.

    `image` must carry a tag that changes with the content of `context`. What it is built from
    stays on the host, where the weekly rebuild takes it.

    + arguments: build arguments
    """
    folder, tag = "/opt/freehold/build", image.rpartition(":")[2]
    build = f"{folder}/{tag}"
    there = f"[ -e {build}.complete ] && docker image inspect {image} >/dev/null 2>&1"
    if host.get_fact(Holds, condition=there):
        host.noop(f"{image} is built")
        return
    yield f"mkdir -p {build}"
    yield Rsync(f"{context}/", f"{build}/", ["--recursive", "--delete"])
    given = " ".join(f"--build-arg {key}={shlex.quote(value)}" for key, value in arguments.items())
    # The build trusts what the droplet trusts, or pip could not work behind a company's proxy.
    authorities = "--secret id=ca,src=/etc/ssl/certs/ca-certificates.crt"
    yield f"docker build --quiet --tag {image} {given} {authorities} {build}"
    # It stays for as long as a release is made of it: freehold-rollout removes it then.
    yield f"touch {build}.complete"


@operation()
def compose_up(project: str, migrate: str, origin: Origin, undo: str) -> Generator[str, None, None]:
    """Bring the services to the project's candidate file, without a request that fails.

    A candidate that compose refuses, a migration that fails and a service that does not become
    healthy fail the run, with the last lines of the log; what served before goes on serving.

    + project: the folder with candidate.yml
    + migrate: the service that is run once, to its end, before the others are replaced
    + origin: what the release is remembered by
    + undo: what takes back what was put in force for the candidate, should what served before go on
    """
    differences = host.get_fact(ComposeDifferences, project=project)
    if not differences:
        host.noop("All services are up and healthy")
        return
    for line in differences:
        host.log(line)
    yield rollout(project, migrate, origin, undo)


def rollout(project: str, migrate: str, origin: Origin, undo: str) -> str:
    """The command that brings the candidate, or fails and leaves what served before."""
    candidate, live = f"{project}/candidate.yml", f"{project}/docker-compose.yml"
    return (
        f"freehold-rollout up {candidate} --migrate {migrate}"
        f" --commit {shlex.quote(origin.commit)} --by {shlex.quote(origin.by)}"
        f" || {{ cmp -s {candidate} {live} || {undo}; exit 1; }}"
    )
