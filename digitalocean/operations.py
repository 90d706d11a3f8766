"""The operations of droplet.py: each brings one thing at Digital Ocean to what is described.

They run on `@local` and need no host, for they ask the API. What is compared and what is not
touched, each concern says itself (digitalocean/droplets.py and its neighbours).
"""

from collections.abc import Generator

from pyinfra import host, logger
from pyinfra.api import FunctionCommand, Host, State, operation

from digitalocean.concern import Concern
from digitalocean.errors import CloudError


@operation()
def as_described(concern: Concern) -> Generator[FunctionCommand, None, None]:
    """Bring what `concern` is about to what it describes; nothing happens when it is so already.

    + concern: a part of the description, beside what there is

    **Example:**

    .. code:: python

        as_described(
            name="Have the droplet blog.example",
            concern=DropletConcern(cloud, settings),
        )
    """
    if not concern.pending():
        host.noop("It is as described")
        return
    yield FunctionCommand(_mend, (concern,), {})


def _mend(state: State, host: Host, concern: Concern) -> bool:
    try:
        concern.mend()
    except CloudError as error:
        # pyinfra would put a traceback before it.
        host.log_styled(error.message, fg="red", log_func=logger.error)
        return False
    return True
