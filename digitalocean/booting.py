"""A droplet that was asked for, until it can be reached."""

from collections.abc import Callable

from digitalocean.cloud import Cloud
from digitalocean.errors import CloudError
from digitalocean.things import Droplet

PATH = "/v2/droplets"
READY_SECONDS = 300.0


def errored(cloud: Cloud, found: Droplet) -> int | None:
    """The action by which the making of `found` went wrong."""
    for one in cloud.client.pages(f"{PATH}/{found.id}/actions", "actions"):
        if one["type"] == "create" and one["status"] == "errored":
            return int(one["id"])
    return None


def ready(cloud: Cloud, found: Droplet, check: Callable[[Droplet], None]) -> Droplet:
    """The droplet when it runs and has a public address; `check` raises if it is not as wanted."""
    waiting = cloud.waiting(f"The droplet {found.name}")
    check(found)
    while not found.is_ready:
        looks = found.status == "new" and waiting.waited >= READY_SECONDS / 2
        failed = errored(cloud, found) if looks else None
        if failed:
            raise CloudError(
                f"Digital Ocean could not make the droplet {found.name} (action {failed}). Type "
                "the same again."
            )
        state = f"{found.status}, and its public address is {found.ipv4 or 'not there yet'}"
        if waiting.waited >= READY_SECONDS:
            raise CloudError(
                f"The droplet {found.name} ({found.id}): {state} for {waiting.waited:.0f} s. Type "
                "the same again: it goes on from there."
            )
        waiting.pause(3.0, state)
        read = cloud.client.get(f"{PATH}/{found.id}")["droplet"]
        cloud.facts.remember(PATH, read["id"], read)
        found = cloud.facts.by_its_own(Droplet.read(read))
        check(found)
    return found
