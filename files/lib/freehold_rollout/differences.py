"""What a deploy would change of the services; nothing is touched for it.

Compose's own dry run can't tell: it counts what stands by as one too many (standby.py), and would
have that stay which is the older one.
"""

from collections.abc import Iterator
from pathlib import Path

from freehold_rollout import engine
from freehold_rollout.beside import BESIDE
from freehold_rollout.compose import Compose


def told(file: Path) -> Iterator[str]:
    """A line for each service that is not as the file describes it, up and healthy."""
    wanted = Compose(file).configurations()
    found = engine.containers()
    for service in sorted({"db", *BESIDE}):
        ours = [one for one in found if one.service == service]
        if len(ours) != 1:
            yield f"{service} has {len(ours)} containers"
            continue
        state = engine.state(ours[0])["State"]
        health = state.get("Health", {}).get("Status", "healthy")
        if state["Status"] != "running" or health != "healthy":
            yield f"{service} is {state['Status']} and {health}"
        elif not engine.is_current(ours[0], wanted[service]):
            yield f"{service} is another one than is described"
    yield from (f"{one.service} is described no more" for one in found if one.service not in wanted)
