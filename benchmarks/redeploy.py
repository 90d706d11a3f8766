"""The six kinds of redeploy, each under constant load: requests made and failed, the longest wait.

`make bench-redeploy`, on the droplet for tests; writes benchmarks/results/redeploy.md.
"""

import argparse
import json
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import result
from benchmarks.load import PAUSE, Visitors
from commands.rollback import PROGRAM
from emulator import Droplet, current
from emulator.errors import EmulatorError
from group_data.all import nginx_image, postgres_image
from tests.containers import container
from tests.runs import copy_of_the_project, deploy

DOMAIN = "blog.test"
# Before and after a change, so that what comes late is seen.
CALM_SECONDS = 5
STORED_SECONDS = 120
SWITCHED = re.compile(r"Visitors are served by \S+, after ([\d.]+) s")
RENEWAL = (
    "REQUESTS_CA_BUNDLE=/etc/freehold/acme-ca.pem"
    " certbot -q renew --no-random-sleep-on-renew --force-renewal"
)
# The emulated authority forgets accounts whenever it ends, as no real one does.
ACCOUNT = (
    "cd /usr/local/lib/freehold && python3 -B -c 'from freehold_certificate import certbot, config;"
    " described = config.read(); certbot.forget_account(described, described.server);"
    " done, said = certbot.run(described, certbot.command(described, force=True));"
    " exit(0 if done else said)'"
)


@dataclass
class Changes:
    """What is done to the droplet, from a copy of the project that may be changed."""

    droplet: Droplet
    project: Path
    images: dict[str, str] = field(default_factory=dict)
    """Those that are not the described ones, by their settings."""
    switched: float | None = None
    """Seconds until visitors had the other version, where the last change says it."""

    def service(self) -> None:
        """Another image; webapp and worker are replaced."""
        self._append("files/analytics/src/analytics/__init__.py", f"# {secrets.token_hex(8)}")
        self._deploy()

    def back(self) -> None:
        """To the version before: what `make rollback` runs."""
        self._roll("back")

    def forth(self) -> None:
        """To the newest again, so that the next change is the only one."""
        newest = max(one["name"] for one in self._releases())
        self._roll("back", "--to", newest)

    def configuration(self) -> None:
        """Another configuration, checked and read by the nginx that runs."""
        self._append("templates/nginx/limits.conf.j2", f"# {secrets.token_hex(8)}")
        self._deploy()

    def nginx(self) -> None:
        """Another image; nginx is replaced."""
        self._renew("nginx_image", nginx_image)

    def database(self) -> None:
        """Another image of the same major version; the dashboard pauses, and nothing else."""
        self._renew("postgres_image", postgres_image)

    def certificate(self) -> None:
        """A renewal, as the timer does it."""
        self.droplet.run(RENEWAL)

    def site(self) -> None:
        """A page that has changed."""
        self._append("examples/blog/_site/about.html", f"<!-- {secrets.token_hex(8)} -->")
        self._deploy()

    def docker(self) -> None:
        """A restart of the daemon, as its updates do it."""
        self.droplet.run("systemctl restart docker.service")

    def undo(self) -> None:
        """The description that was there before."""
        done = deploy("--limit", "emulated")
        if done.code:
            sys.exit(done.said)
        self.droplet.run("docker rmi", *self.images.values(), check=False)

    def _releases(self) -> list[dict[str, str]]:
        told = json.loads(self.droplet.run(PROGRAM, "list", "--json"))
        return [one for one in told if one["what"] == "service"]

    def _roll(self, *arguments: str) -> None:
        said = self.droplet.run(PROGRAM, *arguments, "--what", "service")
        print(said, end="")
        told = SWITCHED.search(said)
        self.switched = float(told[1]) if told else None

    def _renew(self, setting: str, image: str) -> None:
        self.images[setting] = f"{image}-bench"
        text = f"FROM {image}\\nLABEL bench={secrets.token_hex(8)}\\n"
        self.droplet.run(f"printf '{text}' | docker build --quiet --tag {image}-bench -")
        self._deploy()

    def _append(self, file: str, line: str) -> None:
        path = self.project / file
        path.write_text(f"{path.read_text()}{line}\n")

    def _deploy(self) -> None:
        images = (part for one in self.images.items() for part in ("--data", "=".join(one)))
        done = deploy("--limit", "emulated", *images, project=self.project)
        if done.code:
            sys.exit(done.said)


KINDS: dict[str, Callable[[Changes], None]] = {
    "a new version of the service": Changes.service,
    "its rollback, beside the six": Changes.back,
    "and forth again": Changes.forth,
    "nginx's configuration": Changes.configuration,
    "nginx's image": Changes.nginx,
    "a certificate": Changes.certificate,
    "a site release": Changes.site,
    "a restart of Docker": Changes.docker,
    "PostgreSQL's image, beside the six": Changes.database,
}


@dataclass(frozen=True)
class Row:
    """How one kind went."""

    kind: str
    seconds: float
    visitors: Visitors
    stored: int
    switched: float | None

    @property
    def failures(self) -> list[str]:
        return [one for seen in self.visitors.seen.values() for one in seen.failures]

    @property
    def good(self) -> bool:
        return not self.failures and self.stored == self.visitors.promised

    def line(self) -> str:
        seen = self.visitors.seen
        made = sum(len(one.waits) for one in seen.values())
        longest = max(one.longest for one in seen.values())
        switched = "" if self.switched is None else f"{self.switched:.0f}"
        kinds = " | ".join(f"{len(seen[name].waits):,}" for name in PAUSE)
        return (
            f"| {self.kind} | {self.seconds:.0f} | {switched} | {kinds} | {made:,}"
            f" | **{len(self.failures)}** | {longest:.1f}"
            f" | {self.visitors.promised:,} | {self.stored:,} |"
        )


def _stored(droplet: Droplet, name: str, wanted: int) -> int:
    """How many events of that name are in the database, when all are there or time is over."""
    query = f"select count(*) from events join texts t on t.id = name where t.text = '{name}'"  # noqa: S608 - of our own making
    ask = f'docker exec {container("db")} psql -U analytics -At -c "{query}"'
    deadline = time.monotonic() + STORED_SECONDS
    while (found := int(droplet.run(ask))) < wanted and time.monotonic() < deadline:
        time.sleep(2)
    return found


def measure(droplet: Droplet, kind: str, changes: Changes) -> Row:
    """One kind of change, with visitors from a while before it to a while after it."""
    ports = droplet.ports
    assert ports  # noqa: S101 - it runs
    name = f"redeploy {secrets.token_hex(4)}"
    visitors = Visitors(DOMAIN, ports.https, droplet.authority.roots, name)
    with visitors.visiting():
        time.sleep(CALM_SECONDS)
        changes.switched = None
        began = time.monotonic()
        KINDS[kind](changes)
        took = time.monotonic() - began
        time.sleep(CALM_SECONDS)
    row = Row(kind, took, visitors, _stored(droplet, name, visitors.promised), changes.switched)
    print(row.line(), *row.failures, sep="\n", flush=True)
    return row


def table(rows: list[Row]) -> list[str]:
    """The lines of the result."""
    paces = ", ".join(f"{name} {1 / pause:.1f}" for name, pause in PAUSE.items())
    return [
        f"One visitor of each kind, who asks at most so often a second: {paces}. *Kept* and"
        " *new* are HTTP/1.1 on one connection and on a new one for each request, *events* are"
        " posts on a kept one. Seconds are those of the whole deploy or command, and of a rollback"
        " also until visitors are served by the other version, by its own word; the longest wait"
        " is that of any request. An event that was answered 202 is promised.",
        "",
        "| change | seconds | until the switch | kept | new | HTTP/2 | events | requests | failed"
        " | longest wait, s | promised | stored |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(row.line() for row in rows),
        "",
        *(f"- {row.kind}: {failure}" for row in rows for failure in row.failures),
    ]


def main() -> int:
    """Measure all kinds, or those that are named; 1 when a request failed or an event is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help=", ".join(KINDS))
    chosen = parser.parse_args().kinds or list(KINDS)
    droplet = current()
    if not droplet.pid:
        sys.exit("This needs the droplet for tests. Type: make bench-redeploy")
    with tempfile.TemporaryDirectory() as folder:
        changes = Changes(droplet, copy_of_the_project(Path(folder) / "project"))
        try:
            droplet.run(ACCOUNT)
            rows = [measure(droplet, kind, changes) for kind in chosen]
            changes.undo()
        except EmulatorError as error:
            sys.exit(f"emulator: {error}")
    result.write(
        "redeploy",
        "Redeploys under load",
        "make bench-redeploy",
        result.on_a_droplet(droplet),
        table(rows),
        keep=len(rows) == len(KINDS),
    )
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
