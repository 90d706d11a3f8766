"""The droplet: found by its tag and name, and made when there is none."""

from collections.abc import Iterable

from digitalocean import booting, host_keys, tags
from digitalocean.choices import check_choices
from digitalocean.cloud import Cloud, Json
from digitalocean.errors import CloudError, RefusedError
from digitalocean.ssh_keys import fingerprint
from digitalocean.things import Droplet
from digitalocean.user_data import user_data
from settings.model import Settings

PATH = booting.PATH


def ours(cloud: Cloud, settings: Settings) -> Droplet | None:
    """The droplet that carries our tag and name. Raises CloudError when there are several."""
    name, tag = settings.droplet_name, settings.droplet_tag
    found = [one for one in cloud.facts.droplets(tag) if one.name == name]
    # What a list by tag does not have yet, that by name may.
    found = found or [one for one in cloud.facts.droplets_named(name) if one.carries(tag)]
    if len(found) > 1 and any(one.carries(tags.next_tag(tag)) for one in found):
        raise CloudError(f"{name} is being moved to a new droplet. To go on: make rebuild")
    if len(found) > 1:
        numbers = ", ".join(str(one.id) for one in found)
        raise CloudError(
            f"There are {len(found)} droplets called {name} with the tag {tag} ({numbers}), and "
            "only you know which is meant. Take the tag from the other: "
            f"doctl compute droplet untag NUMBER --tag-name {tag}"
        )
    return next(iter(found), None)


def beside(cloud: Cloud, settings: Settings) -> list[Droplet]:
    """The droplets of our name that an unfinished rebuild has beside ours."""
    name, tag = settings.droplet_name, settings.droplet_tag
    known = [cloud.facts.droplets(one(tag)) for one in (tags.next_tag, tags.old_tag)]
    return [one for found in known for one in found if one.name == name]


class DropletConcern:
    """One droplet with our tag and name, of the size and in the region that the settings name.

    Compared: name, tag, region and size; that it runs and has a public address. Not touched, once
    it is there: its image, keys, monitoring, IPv6 and user_data; and every other droplet. Another
    size or region is an error, for both mean another machine.
    """

    def __init__(self, cloud: Cloud, settings: Settings, beside: Iterable[str] = ()) -> None:
        """`beside`: tags of droplets that may have our name too, while one is rebuilt."""
        self._cloud = cloud
        self._settings = settings
        self._beside = tuple(beside)
        self._pins = host_keys.Pins(cloud.folder)
        name = settings.droplet_name
        self._key = host_keys.beside(name) if self._beside else name

    def pending(self) -> list[str]:
        settings, found = self._settings, ours(self._cloud, self._settings)
        if found is None:
            self._check_namesakes()
            check_choices(self._cloud.facts, settings)
            return [
                f"Make the droplet {settings.droplet_name}: {settings.droplet_size} in "
                f"{settings.droplet_region}, from {settings.droplet_image}"
            ]
        self._check(found)
        if not found.is_ready:
            return [f"Wait for the droplet {found.name}"]
        return [] if self._is_pinned(found) else [f"Pin the host key of {found.name}"]

    def mend(self) -> None:
        found = ours(self._cloud, self._settings)
        if found is not None and found.status == "new" and self._never_came_to_be(found):
            found = None
        if found is None:
            self._make()
        found = ours(self._cloud, self._settings) or self._again()
        if found is None:
            raise CloudError(f"{self._what} was made and is not to be seen. Type the same again.")
        found = booting.ready(self._cloud, found, self._check)
        if not self._is_pinned(found):
            born = host_keys.born_with(self._key, self._cloud.folder)
            self._pins.set([host_keys.known_as(found.ipv4)], [born])

    def _is_pinned(self, found: Droplet) -> bool:
        born = host_keys.born_with(self._key, self._cloud.folder)
        return not born or born in self._pins.of(host_keys.known_as(found.ipv4))

    def _check(self, found: Droplet) -> None:
        settings = self._settings
        if (found.region, found.size) != (settings.droplet_region, settings.droplet_size):
            raise CloudError(
                f"The droplet {found.name} is a {found.size} in {found.region}, and the settings "
                f"name a {settings.droplet_size} in {settings.droplet_region}. That is another "
                "machine. Keep this one (droplet_size, droplet_region in group_data/droplets.py), "
                "or move to a new one: make rebuild"
            )
        if found.status in ("off", "archive"):
            raise CloudError(
                f"The droplet {found.name} is switched off. Switch it on: "
                f"doctl compute droplet-action power-on {found.id}"
            )

    def _check_namesakes(self) -> None:
        """Raise CloudError when a droplet of our name lacks our tag: it may be anybody's."""
        name, tag = self._settings.droplet_name, self._settings.droplet_tag
        others = [
            one
            for one in self._cloud.facts.droplets_named(name)
            if not any(map(one.carries, self._beside))
            # One of ours gets its tag a moment after it was made.
            and (one.tags or not self._begun)
        ]
        if any(one in beside(self._cloud, self._settings) for one in others):
            raise CloudError(
                f"The droplet {name} is being rebuilt, and none has the tag {tag} yet. To go on: "
                "make rebuild"
            )
        if others:
            raise CloudError(
                f"A droplet is called {name} and has not the tag {tag} ({others[0].id}). If it is "
                f"meant: doctl compute droplet tag {others[0].id} --tag-name {tag}. If not, call "
                "yours otherwise: droplet_name"
            )

    @property
    def _what(self) -> str:
        return f"the droplet {self._settings.droplet_name} ({self._settings.droplet_tag})"

    @property
    def _begun(self) -> bool:
        return self._cloud.notes.is_fresh(self._what)

    def _make(self) -> None:
        settings, cloud = self._settings, self._cloud
        private, public = host_keys.made_for(self._key, cloud.folder)
        body: Json = {
            "name": settings.droplet_name,
            "region": settings.droplet_region,
            "size": settings.droplet_size,
            "image": settings.droplet_image,
            "ssh_keys": [fingerprint(line) for line in settings.authorized_key_lines],
            "ipv6": True,
            "monitoring": settings.droplet_monitoring,
            # It writes keys of its own into authorized_keys, and a deploy removes it anyway.
            "with_droplet_agent": False,
            "tags": [settings.droplet_tag],
            "user_data": user_data(host_key=private, host_public_key=public),
        }
        begun: list[int] = []

        def keep(answer: Json) -> None:
            made = answer["droplet"]
            made["tags"] = made.get("tags") or [settings.droplet_tag]
            cloud.facts.remember(PATH, made["id"], made)
            begun.extend(one["id"] for one in (answer.get("links") or {}).get("actions") or ())

        try:
            cloud.made(self._what, PATH, body, look=self._again, keep=keep)
        except RefusedError as error:
            if "limit" in error.words:
                raise CloudError(
                    f"Your account may have no more droplets ({error.words}). Destroy one that "
                    "you need no more, or ask for a higher limit: "
                    "https://cloud.digitalocean.com/account/team/droplet_limit_increase"
                ) from None
            raise
        for action in begun:
            cloud.follow(action, f"Making the droplet {settings.droplet_name}")

    def _again(self) -> Droplet | None:
        self._cloud.facts.forget(PATH)
        found = ours(self._cloud, self._settings)
        if found is None:
            # It is there a moment before it has its tag.
            named = self._cloud.facts.droplets_named(self._settings.droplet_name)
            found = next((one for one in named if not one.tags), None)
        return found

    def _never_came_to_be(self, found: Droplet) -> bool:
        """Whether the making of `found` went wrong. It never ran, so what is left of it goes."""
        failed = booting.errored(self._cloud, found)
        if failed:
            self._cloud.say(
                f"    The droplet {found.id} never came to be (action {failed} errored): what is "
                "left of it goes, and a new one is made."
            )
            self._cloud.client.delete(f"{PATH}/{found.id}")
            self._cloud.facts.gone(PATH, found.id)
        return failed is not None
