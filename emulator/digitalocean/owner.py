"""What `make up` does for the owner of an emulated account, before and after droplet.py.

What an owner does at Digital Ocean's own pages: an account, a token, a domain in it, the power
button. It speaks with the API over HTTP, as anybody does.
"""

import json
import time
from pathlib import Path
from typing import Any

import requests

from emulator.authority import Authority
from emulator.base import base
from emulator.description import described, origins
from emulator.digitalocean import behind
from emulator.digitalocean.addresses import Addresses
from emulator.digitalocean.booted import ports_on
from emulator.digitalocean.own import ACCOUNT, KEY, PINS, SETTINGS, own_droplet
from emulator.digitalocean.state import State
from emulator.digitalocean.tokens import EVERYTHING, Tokens
from emulator.disk import stands_on
from emulator.droplet import CACHE, PENALTY_SECONDS, Droplet
from emulator.errors import EmulatorError
from emulator.keys import key_pair
from emulator.ports import Ports
from emulator.progress import say, step

_ACTION_SECONDS = 120


class Owner:
    """The owner of the account in `place`, a folder that may be empty."""

    def __init__(self, place: Path) -> None:
        self.place = place.resolve()
        self.account = self.place / ACCOUNT

    def up(self, *options: str) -> None:
        """Have the account answer, and every droplet of it switched on."""
        if Droplet(self.place).disk.exists():
            raise EmulatorError(
                f"A droplet without an account (python -m emulator up) is in {self.place}. To "
                "begin anew with one that droplet.py makes: python -m emulator destroy"
            )
        self.place.mkdir(parents=True, exist_ok=True)
        key_pair(self.place / KEY)
        outdated = [] if "--paper" in options else self._outdated()
        behind.up(self.account, *options)
        for number in outdated:
            say("The recipe of the droplet's disk has changed: this droplet starts afresh.")
            self._ask("DELETE", f"/v2/droplets/{number}")
        domain = described()["domain"]
        if domain not in [one["name"] for one in self._ask("GET", "/v2/domains")["domains"]]:
            self._ask("POST", "/v2/domains", {"name": domain})
        for droplet in self._ask("GET", "/v2/droplets")["droplets"]:
            if droplet["status"] == "off":
                self._power_on(droplet["id"])
        self._write_settings()

    def _outdated(self) -> list[int]:
        """Droplets whose disk stands on a base that is no more; nobody boots them again."""
        file = self.account / "state.json"
        if behind.running(self.account) or not file.exists():
            return []
        state, foundation = State(file), base(CACHE)
        found = []
        for droplet in state["droplets"].values():
            disk = self.account / "droplets" / str(droplet["id"]) / "disk.qcow2"
            if disk.exists() and not stands_on(disk, foundation):
                droplet["status"] = "off"
                found.append(droplet["id"])
        state.write()
        return found

    def _power_on(self, number: int) -> None:
        begun = self._ask("POST", f"/v2/droplets/{number}/actions", {"type": "power_on"})
        path, deadline = f"/v2/actions/{begun['action']['id']}", time.monotonic() + _ACTION_SECONDS
        with step("Switching the droplet on"):
            while (status := self._ask("GET", path)["action"]["status"]) == "in-progress":
                if time.monotonic() > deadline:
                    break
                time.sleep(0.5)
        if status != "completed":
            raise EmulatorError(f"It could not be switched on. See {self.account / 'api.log'}")

    def wait(self) -> None:
        """Wait until the droplet answers over SSH, and write down how it is reached."""
        droplet = own_droplet(self.place)
        if droplet is None:
            raise EmulatorError("There is no emulated droplet in the account. Type: make up")
        droplet.follow_port()
        if not (droplet.pid and droplet.login.works()):
            droplet.wait_for_ssh()
            # Of a slow boot, logins that were given up are penalties: sshd takes no other for a
            # while, and the deploy is to meet none of that.
            deadline = time.monotonic() + PENALTY_SECONDS
            while not droplet.login.works() and time.monotonic() < deadline:
                time.sleep(2)
        self._write_settings()
        droplet.describe()

    def _ports(self) -> Ports:
        """Those of the droplet; those that one would get, while there is none."""
        droplet = own_droplet(self.place)
        known = droplet.ports if droplet else None
        return known or ports_on(Addresses(self.account).nobodys(), 0, 0)

    def _write_settings(self) -> None:
        """What group_data/emulated.py is to know of the account."""
        ports, key = self._ports(), self.place / KEY
        settings: dict[str, object] = {"ssh_key": str(key), "authorized_keys": [f"{key}.pub"]}
        settings |= origins(ports.https)
        authority = Authority(self.account, ports)
        # On paper there is none.
        if authority.certificate.exists():
            settings |= authority.data()
        half_made = self.place / f"{SETTINGS}.new"
        half_made.write_text(json.dumps(settings, indent=2) + "\n")
        half_made.rename(self.place / SETTINGS)

    def environment(self) -> dict[str, str]:
        """With what droplet.py, inventory.py and deploy.py act on this account and no other."""
        return behind.environment(self.account) | {
            "FREEHOLD_GROUP": "emulated",
            "FREEHOLD_DROPLETS": str(self.place / PINS),
            "FREEHOLD_SSH_PORT": str(self._ports().ssh),
        }

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        running = behind.running(self.account)
        if not running:
            raise EmulatorError(f"The account does not answer. See {self.account / 'api.log'}")
        token = Tokens(self.account / "tokens.json").of(EVERYTHING)
        answer = requests.request(
            method,
            f"{running.address}{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        if not answer.ok:
            raise EmulatorError(f"The account refused {method} {path}: {answer.text}")
        read: dict[str, Any] = answer.json() if answer.content else {}
        return read
