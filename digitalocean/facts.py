"""What there is at Digital Ocean: read once a run, however many operations ask.

pyinfra's own facts are commands on a host; these ask the API. Each is a method of `Facts`.
"""

from collections.abc import Mapping
from dataclasses import replace

from digitalocean.client import Client, Json
from digitalocean.errors import RefusedError
from digitalocean.things import Address, Droplet, Record, Size


class Facts:
    """The lists of the API, each asked for once, with what this run has made or changed since.

    A list may lag behind: what an answer to our own request showed counts more.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lists: dict[str, list[Json]] = {}
        self._ours: dict[str, dict[object, Json]] = {}
        self._gone: set[tuple[str, object]] = set()

    def remember(self, path: str, key: object, made: Json) -> None:
        """`made`, called `key`, is in the list at `path` from now on."""
        self._ours.setdefault(path, {})[key] = made

    def gone(self, path: str, key: object) -> None:
        """What is called `key` in the list at `path` was removed by us."""
        self._ours.get(path, {}).pop(key, None)
        self._gone.add((path, key))

    def begin_anew(self) -> None:
        """Know nothing, and ask for every list again."""
        self._lists.clear()
        self._ours.clear()

    def forget(self, path: str) -> None:
        """Ask for the list at `path` again when it is wanted."""
        for known in [one for one in self._lists if one.partition("?")[0] == path]:
            del self._lists[known]

    def droplets(self, tag: str) -> list[Droplet]:
        """The droplets that carry `tag`."""
        return [self.by_its_own(one) for one in self.tagged(tag)]

    def tagged(self, tag: str) -> list[Droplet]:
        """The same by one request: which address is a droplet's own is not looked at."""
        found = self._list("/v2/droplets", "droplets", "id", tag_name=tag)
        return [one for one in map(Droplet.read, found) if one.carries(tag)]

    def droplets_named(self, name: str) -> list[Droplet]:
        """The droplets that are called `name`, of whatever tag."""
        found = self._list("/v2/droplets", "droplets", "id", name=name)
        known = (one for one in map(Droplet.read, found) if one.name == name)
        return [self.by_its_own(one) for one in known]

    def by_its_own(self, droplet: Droplet) -> Droplet:
        """The droplet with its own address, and not with a reserved one, as `ipv4`."""
        if len(droplet.public) < 2:
            return droplet
        try:
            reserved = {one.ip for one in self.addresses()}
        except RefusedError as error:
            # A token for what has no reserved address; the droplet's own is the first by custom.
            if error.status != 403:
                raise
            return droplet
        return replace(droplet, ipv4=next((o for o in droplet.public if o not in reserved), ""))

    def addresses(self) -> list[Address]:
        """The reserved addresses."""
        return [Address.read(one) for one in self._list("/v2/reserved_ips", "reserved_ips", "ip")]

    def firewalls(self) -> list[Json]:
        """The cloud firewalls, whole."""
        return self._list("/v2/firewalls", "firewalls", "id")

    def zones(self) -> list[str]:
        """The domains whose DNS is at Digital Ocean."""
        return [one["name"] for one in self._list("/v2/domains", "domains", "name")]

    def records(self, zone: str) -> list[Record]:
        """All records of `zone`."""
        path = f"/v2/domains/{zone}/records"
        return [Record.read(one) for one in self._list(path, "domain_records", "id")]

    def checks(self) -> list[Json]:
        """The uptime checks."""
        return self._list("/v2/uptime/checks", "checks", "id")

    def alerts(self, check: str) -> list[Json]:
        """The alerts of an uptime check."""
        return self._list(f"/v2/uptime/checks/{check}/alerts", "alerts", "id")

    def sizes(self) -> list[Size]:
        """The sizes that a droplet may have."""
        return [Size.read(one) for one in self._list("/v2/sizes", "sizes", "slug")]

    def images(self) -> list[str]:
        """The names of the images of distributions."""
        found = self._list("/v2/images", "images", "id", type="distribution")
        return sorted(one["slug"] for one in found if one.get("slug"))

    def ssh_key(self, fingerprint: str) -> Json | None:
        """The owner's key of that fingerprint; a list of keys may be asked for seldom."""
        path = f"/v2/account/keys/{fingerprint}"
        if path not in self._lists:
            try:
                self._lists[path] = [self._client.get(path)["ssh_key"]]
            except RefusedError as error:
                if error.status != 404:
                    raise
                self._lists[path] = []
        merged = self._merged("/v2/account/keys", "fingerprint", self._lists[path])
        return next((one for one in merged if one["fingerprint"] == fingerprint), None)

    def _list(self, path: str, root: str, key: str, **parameters: str) -> list[Json]:
        full = "&".join([path, *(f"{name}={value}" for name, value in parameters.items())])
        full = full.replace("&", "?", 1)
        if full not in self._lists:
            self._lists[full] = self._client.pages(path, root, **parameters)
        return self._merged(path, key, self._lists[full])

    def _merged(self, path: str, key: str, listed: list[Json]) -> list[Json]:
        ours: Mapping[object, Json] = self._ours.get(path, {})
        found = [ours.get(one[key], one) for one in listed]
        seen = {one[key] for one in listed}
        merged = [*found, *(one for name, one in ours.items() if name not in seen)]
        return [one for one in merged if (path, one[key]) not in self._gone]
