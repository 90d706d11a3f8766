"""The sockets of one of several webapps, and the names by which nginx finds the one in use.

During a redeploy two run beside each other. Each listens on sockets of its own, and the names that
nginx knows are links to those of one of them. Who redeploys switches a link by one rename
(files/lib/freehold_rollout); without anybody who does, as at a boot, the webapp that is ready takes
a name that leads to nobody.
"""

import socket
from pathlib import Path

# What Docker names a container's host: the beginning of the container's id, of 12 characters.
_NAME = 12
OWN_NAME_IS_LONGER = len(".") + _NAME


def own(name: Path) -> Path:
    """Where this webapp itself listens, for the name that nginx knows."""
    return name.with_name(f"{socket.gethostname()[:_NAME]}.{name.name}")


def adopt(name: Path) -> bool:
    """Makes the name lead here, unless it leads to somebody who listens; whether it does now."""
    if _listens(name):
        return False
    link(name)
    return True


def link(name: Path) -> None:
    """Makes the name lead here, without a moment in which it leads nowhere."""
    new = name.with_name(f"{own(name).name}.link")
    new.unlink(missing_ok=True)
    new.symlink_to(own(name).name)
    new.replace(name)


def _listens(name: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(name))
        except TimeoutError:
            # Its queue is full: somebody is there, and busy.
            return True
        except OSError:
            return False
    return True
