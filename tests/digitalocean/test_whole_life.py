"""The whole life of a droplet, on virtual machines: bought, deployed, rebuilt, lost, given up.

In this order, each from where the one before ended. Nothing but the API's address and the ACME
server is other than at Digital Ocean.
"""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator.digitalocean import behind
from emulator.digitalocean.tokens import EVERYTHING, Tokens
from emulator.ports import Ports, is_free
from emulator.process import VISITOR
from tests.deploys import backup_lab
from tests.deploys.debian_lab import debian
from tests.digitalocean.ocean_lab import ask
from tests.digitalocean.owner import DEPLOY, DROPLET, Owner, describe
from tests.outside import Outside
from tests.runs import Run, copy_of_the_project
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

DOMAIN = "blog.test"
# As the emulator's documentation names them (docs/emulator.md).
AUTHORITY = "https://81.2.69.4/dir"
SHELL = (sys.executable, "-m", "commands.ssh")
EVENTS = 40


@dataclass
class Life(Owner):
    """The owner, and who looks at the account and at the site from outside."""

    def type(self, *words: str, typed: str = "", **environment: str) -> Run:
        """As an owner who trusts the authority, too."""
        roots = str(self.folder / "cloud" / "authority" / "roots.pem")
        return super().type(*words, typed=typed, SSL_CERT_FILE=roots, **environment)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What the owner does in the control panel."""
        return ask(self.url, self.token, method, path, body)

    def droplets(self) -> list[str]:
        return [one["id"] for one in self.ask("GET", "/v2/droplets")["droplets"]]

    @property
    def outside(self) -> Outside:
        """A visitor at the address that stays."""
        (address,) = (one["ip"] for one in self.ask("GET", "/v2/reserved_ips")["reserved_ips"])
        return Outside(DOMAIN, Ports(ssh=22, http=80, https=443, address=address), timeout=10)

    def events(self) -> int:
        """How many are counted, asked of the database by the owner's own shell."""
        ask = "docker exec $(docker ps --quiet --filter name=freehold-db) psql -U analytics -Atc"
        said = self.right(*SHELL, typed=f"{ask} 'select count(*) from events'\n")
        # After what a login is greeted with.
        return int(said.split()[-1])

    def stats(self) -> str:
        return self.right(sys.executable, "-m", "commands.stats")

    def right(self, *words: str, typed: str = "") -> str:
        """Type what must succeed; what it prints."""
        done = self.type(*words, typed=typed)
        assert done.code == 0, f"{done.said}\n{self.complaints()}"
        return done.stdout

    def complaints(self) -> str:
        """What each droplet has to say of what went wrong on it, before it is gone."""
        ask = ["ssh", "-i", str(self.folder / "login"), "-o", "StrictHostKeyChecking=no"]
        ask += ["-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=30"]
        look = "systemctl --failed; journalctl --boot --priority warning --no-pager | tail -n 150"
        said = []
        for droplet in self.ask("GET", "/v2/droplets")["droplets"]:
            # Its own, before the reserved one.
            address = next(
                one["ip_address"] for one in droplet["networks"]["v4"] if one["type"] == "public"
            )
            done = subprocess.run(
                [*ask, f"root@{address}", look],
                capture_output=True,
                text=True,
                check=False,
                timeout=180,
            )
            said.append(f"---- {droplet['id']}\n{done.stdout}{done.stderr}")
        return "\n".join(said)


def free_port() -> int:
    return next(port for port in range(8800, 8900) if is_free(port))


@contextmanager
def place(folder: Path, port: int) -> Iterator[None]:
    """A place for backups, elsewhere: a REST repository that the droplets reach."""
    system = debian("restic", backup_lab.PACKAGES)
    mounted = 'mount --bind "$2" "$1/mnt" && exec chroot "$1" rclone serve restic --addr "$3" /mnt'
    start = ["unshare", "--mount", "sh", "-euc", mounted, "place"]
    serving = subprocess.Popen(
        [*start, str(system), str(folder), f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        serving.terminate()
        serving.wait(10)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """An account with a zone, a project that describes a droplet in it, and a place for backups."""
    folder = tmp_path_factory.mktemp("life")
    cloud, backups = folder / "cloud", folder / "backups"
    backups.mkdir()
    project = copy_of_the_project(folder / "project")
    key = folder / "login"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    port = free_port()
    described: dict[str, object] = {
        "domain": DOMAIN,
        "site_path": "examples/blog/_site",
        "uptime_check": False,
        "acme_server": AUTHORITY,
        "acme_ca": str(cloud / "authority" / "server.pem"),
        "backup_repository": f"rest:http://{VISITOR}:{port}/",
        "backup_key": str(folder / "backup-key"),
        "ssh_key": str(key),
    }
    describe(project, folder, key, **described)
    running = behind.up(cloud)
    try:
        token = Tokens(cloud / "tokens.json").of(EVERYTHING)
        life = Life(project, folder, running.address, token=token)
        life.ask("POST", "/v2/domains", {"name": DOMAIN})
        with place(backups, port):
            yield life
    finally:
        behind.destroy(cloud)


def test_two_commands_make_it(life: Life) -> None:
    life.right(*DROPLET)
    life.right(*DEPLOY)
    assert len(life.droplets()) == 1
    assert life.outside.get("/").status == 200


def test_the_second_time_nothing_changes(life: Life) -> None:
    for command in (DROPLET, DEPLOY):
        again = life.type(*command, "--json")
        assert again.code == 0, again.said
        assert again.changed() == []


def test_it_is_as_it_must_be(life: Life) -> None:
    life.right(sys.executable, "-m", "pytest", "--quiet", "tests/host")


class Visitors(threading.Thread):
    """They come whatever happens; how long the site was away, and what was promised.

    Every two seconds: more of them would be most of what an emulated processor can do.
    """

    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self._outside = outside
        self._over = threading.Event()
        self.longest = 0.0
        self.promised = 0
        self.unsure = 0
        """Events whose answer was cut off: they may be counted, or not."""

    def run(self) -> None:
        well = time.monotonic()
        while not self._over.wait(2):
            try:
                answered = self._outside.get("/").status == 200
            except OSError:
                answered = False
            if answered:
                self.longest = max(self.longest, time.monotonic() - well)
                well = time.monotonic()
            try:
                self.promised += self._outside.send_event(name="visit").status == 202
            except OSError:
                self.unsure += 1

    def __enter__(self) -> "Visitors":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def test_a_rebuild_is_the_same_site_on_another_machine(life: Life) -> None:
    before, served, counted = life.droplets(), life.outside.certificate(), life.events()
    address = life.outside.ports.address
    with Visitors(life.outside) as visitors:
        said = life.right(sys.executable, "-m", "commands.rebuild", typed=f"{DOMAIN}\n")
    print(
        said,
        f"The longest that a visitor waited: {visitors.longest:.1f} s. Events promised meanwhile: "
        f"{visitors.promised}, cut off: {visitors.unsure}",
        sep="\n",
    )
    assert life.outside.ports.address == address
    assert len(life.droplets()) == 1
    assert life.droplets() != before
    assert life.outside.certificate() == served
    moving = re.search(r"Moving the address: (\d+) s", said)
    assert moving
    assert visitors.longest <= int(moving[1]) + life.outside.timeout
    assert visitors.promised > 0
    wait_until(lambda: life.events() >= counted + visitors.promised, 180)
    assert life.events() <= counted + visitors.promised + visitors.unsure


def test_of_a_lost_droplet_two_commands_bring_everything_back(life: Life) -> None:
    counted = life.events() + EVENTS
    for number in range(EVENTS):
        assert life.outside.send_event(url=f"https://{DOMAIN}/page-{number % 4}").status == 202
    wait_until(lambda: life.events() == counted, 180)
    life.right(sys.executable, "-m", "commands.backup", "make")
    (lost,), served, stats = life.droplets(), life.outside.certificate(), life.stats()
    address = life.outside.ports.address
    life.ask("DELETE", f"/v2/droplets/{lost}")
    life.right(*DROPLET)
    life.right(*DEPLOY)
    assert life.outside.ports.address == address
    assert life.outside.get("/").status == 200
    assert life.events() == counted
    assert life.stats() == stats
    assert life.outside.certificate() == served


def test_it_is_given_up_by_its_name(life: Life) -> None:
    life.right(sys.executable, "-m", "commands.destroy", typed=f"{DOMAIN}\n")
    assert life.droplets() == []
    for kind in ("reserved_ips", "firewalls"):
        assert life.ask("GET", f"/v2/{kind}")[kind] == []
