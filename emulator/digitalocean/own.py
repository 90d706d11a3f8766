"""The droplet that `make up` has made, as its owner has it: with the key, and the pinned host key.

The emulated API knows nothing of this: it boots what it is asked for, and never logs in.
"""

from pathlib import Path

from digitalocean import host_keys
from emulator.authority import Authority
from emulator.description import described
from emulator.digitalocean.catalogue import SIZES
from emulator.digitalocean.state import State, Thing
from emulator.droplet import Droplet
from emulator.errors import EmulatorError
from emulator.host_file import HostFile
from emulator.ssh import Login

# In the folder of an emulated droplet: the account, what group_data/emulated.py reads of it, its
# owner's key, and the host keys that its owner has pinned.
ACCOUNT = "cloud"
SETTINGS = "settings.json"
KEY = "id_ed25519"
PINS = "pins"


class OwnDroplet(Droplet):
    """A machine of the account in `place`."""

    def __init__(self, place: Path, thing: Thing) -> None:
        self.place = place.resolve()
        self.account = self.place / ACCOUNT
        folder = self.account / "droplets" / str(thing["id"])
        super().__init__(folder, SIZES[thing["size"]]["memory"])
        self.name = str(thing["name"])
        self.key = self.place / KEY
        self.pins = self.place / PINS

    @property
    def login(self) -> Login:
        """How its owner logs in; EmulatorError before the first boot."""
        ports = self.ports
        if ports is None:
            raise EmulatorError("The emulated droplet has not booted yet. Type: make up")
        return Login(ports.ssh, self.key, self.pins / "known_hosts", ports.address)

    @property
    def authority(self) -> Authority:
        """That of the whole account; EmulatorError before the first boot."""
        ports = self.ports
        if ports is None:
            raise EmulatorError("The emulated droplet has not booted yet. Type: make up")
        return Authority(self.account, ports, names_elsewhere=True)

    def up(self) -> None:
        """Nothing that a droplet does to itself: its account switches it on."""
        raise EmulatorError("This droplet is switched on by its account. Type: make up")

    def _end_authority(self) -> None:
        """It is not this droplet's."""

    def follow_port(self) -> None:
        """Pin its host key by the port of this boot, when SSH had another at the last one."""
        now, before = self.ports, HostFile(self.place).ports
        if now is None or before is None or now.ssh == before.ssh:
            return
        pins = host_keys.Pins(self.pins)
        old, new = (host_keys.known_as(now.address, ports.ssh) for ports in (before, now))
        keys = pins.of(old)
        if keys:
            pins.set([new], keys)
            pins.set([old], [])

    def describe(self) -> None:
        """Write down how it is reached, for who types `pyinfra inventory.py` by hand."""
        pid, ports = self.pid, self.ports
        if pid is None or ports is None:
            raise EmulatorError("The emulated droplet is not running. Type: make up")
        file = HostFile(self.place)
        data: dict[str, object] = {"ssh_hostname": ports.address, "ssh_port": ports.ssh}
        if (file.of, file.ports) != (str(self.folder), ports):
            # The Makefile's mark that what is described was deployed is another droplet's; or the
            # origins that may send events have another port.
            (self.place / "deployed").unlink(missing_ok=True)
        file.write(
            *(self.name, pid, ports, data),
            of=str(self.folder),
            pins=str(self.pins),
            roots=str(self.authority.roots),
        )


def own_droplet(place: Path) -> OwnDroplet | None:
    """The droplet of the account in `place`, if `make up` has set that up and had one made."""
    state = place / ACCOUNT / "state.json"
    if not (state.exists() and (place / SETTINGS).exists()):
        return None
    settings = described()
    ours = [
        thing
        for thing in State(state)["droplets"].values()
        if thing["name"] == settings["droplet_name"] and settings["droplet_tag"] in thing["tags"]
    ]
    return OwnDroplet(place, ours[-1]) if ours else None
