"""A new droplet in the place of the old one: what is done when, told by tags alone.

| the old one has | the new one has | what comes next |
|---|---|---|
| TAG | is not there | a last backup, then the new droplet, as TAG-next |
| TAG, TAG and TAG-old, or is gone | TAG-next | deploy and restore, verify, then move |
| TAG, TAG-old | TAG-next, TAG | go on with the move |
| TAG-old, or is gone | TAG-next, TAG | the names; then the old one may be destroyed |
| TAG-old | TAG | the same |

So a run that was cut off goes on where it was, from whatever machine. TAG-next goes last: without
it nothing would tell that what has TAG is the new one already.
"""

from dataclasses import dataclass

from digitalocean import addresses, host_keys, tags
from digitalocean.account import concerns
from digitalocean.cloud import Cloud
from digitalocean.costs import costs
from digitalocean.droplets import PATH, DropletConcern
from digitalocean.errors import CloudError
from digitalocean.records import LED_ELSEWHERE, Names
from digitalocean.things import Address, Droplet
from digitalocean.uptime import Uptime
from settings.model import Settings


@dataclass(frozen=True)
class Pair:
    """The old and the new droplet; either may not be there."""

    old: Droplet | None
    new: Droplet | None


class Rebuild:
    """The steps at Digital Ocean; what happens on the droplets is for the caller."""

    def __init__(self, cloud: Cloud, settings: Settings) -> None:
        self._cloud = cloud
        self._settings = settings
        self.tag = settings.droplet_tag
        self.next, self.old = tags.next_tag(self.tag), tags.old_tag(self.tag)
        self._beside = settings.model_copy(update={"droplet_tag": self.next})

    def pair(self) -> Pair:
        """Who is who now."""
        self._cloud.facts.forget(PATH)
        name = self._settings.droplet_name
        found = {
            one.id: one
            for tag in (self.tag, self.next, self.old)
            for one in self._cloud.facts.droplets(tag)
            if one.name == name
        }.values()
        new = [one for one in found if one.carries(self.next)]
        old = [one for one in found if not one.carries(self.next)]
        replaced = [one for one in old if one.carries(self.old)]
        live = [one for one in old if one not in replaced]
        if not new and replaced and live:
            # Only the end of an earlier rebuild is left to do.
            new, old = live, replaced
        for kind in (new, old):
            if len(kind) > 1:
                numbers = ", ".join(str(one.id) for one in kind)
                raise CloudError(
                    f"There are {len(kind)} droplets called {name} that may be meant ({numbers}). "
                    "Destroy the one that is not, or take its tags: doctl compute droplet untag"
                )
        return Pair(next(iter(old), None), next(iter(new), None))

    def costs(self) -> str:
        """What the new droplet costs, in a sentence."""
        return costs(self._cloud, self._beside)

    def make(self) -> None:
        """A new droplet beside the old one, with what it needs from the account."""
        parts = [part for _, part in concerns(self._cloud, self._settings)[:2]]
        parts.append(DropletConcern(self._cloud, self._beside, beside=(self.tag, self.old)))
        for part in parts:
            if part.pending():
                part.mend()

    def addresses_of(self, droplet: Droplet) -> list[str]:
        """The reserved addresses that lead to it."""
        if self._settings.reserved_address == "no":
            return []
        known = self._cloud.facts.addresses()
        return [one.ip for one in known if one.droplet == droplet.id]

    def check_address(self, pair: Pair) -> None:
        """Raise CloudError when the address could not be led to the new droplet."""
        if self._settings.reserved_address == "no":
            return
        address = self._address(pair)
        if address is None:
            addresses.check_unclear(self._cloud, self._settings)
            return
        addresses.check_region(
            address, pair.new.region if pair.new else self._settings.droplet_region
        )
        addresses.check_holder(address, [pair.old, pair.new])

    def check_others(self, pair: Pair) -> None:
        """Raise CloudError when the names or the uptime check would be refused at the end.

        Only before anything is bought: amid a move they can't be told from what is half moved.
        """
        if pair.new is None and (pair.old is None or pair.old.carries(self.tag)):
            for _, part in concerns(self._cloud, self._settings):
                if isinstance(part, Names | Uptime):
                    part.pending()

    def move(self, pair: Pair) -> None:
        """Lead the address to the new droplet, and give it the tag."""
        new, client = pair.new, self._cloud.client
        if new is None:
            raise CloudError("There is no new droplet to move to. Type: make rebuild")
        # Two with the tag are an error to everybody else, none would be an invitation.
        if pair.old is not None:
            tags.give(client, self.old, pair.old.id)
        tags.give(client, self.tag, new.id)
        # After the tags, which tell the next run that the new one takes events from here on.
        if self._settings.reserved_address != "no":
            self._lead(pair, new)
        # A key that the old one was born with must not be taken for that of the new one.
        host_keys.forget_born(self._settings.droplet_name, self._cloud.folder)
        if pair.old is not None:
            tags.take(client, self.tag, pair.old.id)

    def settle(self) -> None:
        """Have everything lead to the droplet that has the tag now."""
        self._cloud.facts.begin_anew()
        for _, part in concerns(self._cloud, self._settings):
            if part.pending():
                part.mend()

    def _address(self, pair: Pair) -> Address | None:
        old = addresses.ours(self._cloud, self._settings, pair.old)
        return old or addresses.ours(self._cloud, self._settings, pair.new)

    def _lead(self, pair: Pair, new: Droplet) -> None:
        address = self._address(pair)
        if address is None:
            return
        # What a run that was cut off has begun may lead it there meanwhile.
        address = addresses.unlocked(self._cloud, address)
        if address.droplet != new.id:
            addresses.lead(self._cloud, address, new)

    def led_to_old(self) -> float:
        """For how many seconds more resolvers may lead visitors to the old droplet."""
        return self._cloud.notes.left(LED_ELSEWHERE)

    def let_go(self) -> None:
        """Wait until nobody is led to the old droplet any more."""
        waiting = self._cloud.waiting("The old droplet")
        while left := self.led_to_old():
            waiting.pause(min(left, 10.0), "still where DNS leads some visitors")

    def destroy(self, old: Droplet, new: Droplet) -> None:
        """Destroy the droplet whose place was taken by `new`."""
        if not old.carries(self.old) or old.carries(self.tag):
            raise CloudError(f"The droplet {old.id} is in use, and is not destroyed.")
        # Else a run that is cut off after this leaves what looks like one never rebuilt.
        tags.give(self._cloud.client, self.next, new.id)
        self._cloud.client.delete(f"{PATH}/{old.id}")
        self._cloud.facts.gone(PATH, old.id)
        host_keys.Pins(self._cloud.folder).set([host_keys.known_as(old.ipv4)], [])

    def end(self, new: Droplet) -> None:
        """Nothing is left to do: the new droplet is like any other."""
        tags.take(self._cloud.client, self.next, new.id)
