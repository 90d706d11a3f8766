"""Tags: what a droplet is to us. The one in force has ours; another beside it one that follows."""

from digitalocean.client import Client
from digitalocean.errors import RefusedError, UnsureError


def next_tag(tag: str) -> str:
    """The tag of a droplet that is being made to take the place of the one with `tag`."""
    return f"{tag}-next"


def old_tag(tag: str) -> str:
    """The tag of a droplet whose place was taken."""
    return f"{tag}-old"


def make_tag(client: Client, name: str) -> None:
    """Have the tag; that there is one already is no error."""
    try:
        _post(client, "/v2/tags", {"name": name})
    except RefusedError as error:
        if error.status not in (409, 422) or "exist" not in error.words:
            raise


def give(client: Client, name: str, droplet: int) -> None:
    """Have the droplet carry the tag."""
    make_tag(client, name)
    _post(client, f"/v2/tags/{name}/resources", _resources(droplet))


def take(client: Client, name: str, droplet: int) -> None:
    """Have the droplet carry the tag no more."""
    client.delete(f"/v2/tags/{name}/resources", _resources(droplet))


def _resources(droplet: int) -> dict[str, object]:
    return {"resources": [{"resource_id": str(droplet), "resource_type": "droplet"}]}


def _post(client: Client, path: str, body: dict[str, object]) -> None:
    # Unlike all else that is posted, giving a tag twice is giving it once.
    try:
        client.post(path, body)
    except UnsureError:
        client.sleep(2.0)
        client.post(path, body)
