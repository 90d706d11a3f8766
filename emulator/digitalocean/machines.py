"""What becomes of a droplet besides what the API says of it."""

from typing import Protocol

from emulator.digitalocean.state import Thing


class Machines(Protocol):
    """Where droplets run. What takes time goes on after the call, and `is_on` tells of it."""

    def create(self, droplet: Thing) -> None:
        """Boot a machine that is what `droplet` says, with its user data and keys."""

    def is_on(self, droplet: Thing) -> bool:
        """Whether it was started; EmulatorError when it can't be."""

    def act(self, droplet: Thing, action: str) -> bool:
        """Do what an action of this type says; False, and asked again, while it goes on."""

    def destroy(self, droplet: Thing) -> None:
        """End it and remove its disk."""

    def lead(self, address: str, before: Thing | None, after: Thing | None) -> None:
        """Let a reserved address, that led to one droplet, lead to another."""


class Paper:
    """Droplets that are states and addresses only, for tests of what speaks with the API."""

    def create(self, droplet: Thing) -> None:
        pass

    def is_on(self, droplet: Thing) -> bool:
        return True

    def act(self, droplet: Thing, action: str) -> bool:
        return True

    def destroy(self, droplet: Thing) -> None:
        pass

    def lead(self, address: str, before: Thing | None, after: Thing | None) -> None:
        pass
