"""Replace the host key that a droplet was born with, over the connection that it verified."""

import shlex
from collections.abc import Generator
from pathlib import Path

from pyinfra import logger
from pyinfra.api import FunctionCommand, Host, State, operation
from pyinfra.connectors.sshuserclient.client import get_host_keys

from digitalocean import host_keys
from operations.ssh import connects

_KEY = "/etc/ssh/ssh_host_ed25519_key"
_NEW = "/etc/ssh/freehold_host_key"

# Prints the public half of the key to come. It stays the same when a run is cut off.
_MAKE = f"""
set -eu
umask 077
if [ "$(ssh-keygen -y -f {_KEY} | cut -d' ' -f1,2)" = "$1" ]; then
  ssh-keygen -y -f {_NEW} >/dev/null 2>&1 || {{
    rm -f {_NEW} {_NEW}.pub
    ssh-keygen -q -t ed25519 -N '' -C '' -f {_NEW}
  }}
  ssh-keygen -y -f {_NEW}
else
  ssh-keygen -y -f {_KEY}
fi
"""
# Each step may be the last one that happens, and then all of it may be repeated.
_SWITCH = f"""
set -eu
umask 022
if [ -e {_NEW} ]; then
  ssh-keygen -y -f {_NEW} >{_KEY}.pub.new
  mv -T {_NEW} {_KEY}
  mv -T {_KEY}.pub.new {_KEY}.pub
  rm -f {_NEW}.pub
fi
sshd -t
systemctl reload ssh
"""


@operation()
def own_host_key(born: str, pins: str = "") -> Generator[FunctionCommand, None, None]:
    """Give the host a key of its own in place of the one that came with its user_data.

    That one can be read by whatever on the droplet may ask the provider's metadata service. The new
    key is born on the host; its public half is pinned before it counts, and the old one is
    forgotten after a second connection has met the new one. A run that is cut off in between has
    both pinned. Who has no key that a droplet was born with any more does not ask for this.

    + born: the public key that came with user_data
    + pins: the folder of the known-hosts file, if not that of all droplets
    """
    yield FunctionCommand(_replace, (born, Path(pins) if pins else host_keys.folder()), {})


def _replace(state: State, host: Host, born: str, where: Path) -> bool:
    done, output = host.run_shell_command(_shell(_MAKE, born))
    new = " ".join(output.stdout.split()[:2])
    if not done or not new.startswith("ssh-ed25519 "):
        return _failed(host, f"No host key could be made: {output.stderr or output.stdout}")
    address = host_keys.known_as(
        str(host.data.get("ssh_hostname") or host.name), host.data.get("ssh_port") or 22
    )
    pins = host_keys.Pins(where)
    pins.set([address], [new, born])
    done, output = host.run_shell_command(_shell(_SWITCH))
    if not done:
        return _failed(host, f"The host key could not be replaced: {output.stderr}")
    _read_again(pins)
    if not connects(state, host):
        return _failed(host, "The host does not show its new key yet. Type: make deploy")
    # First, for a key that is not pinned any more must not be taken for one that is to be. Of two
    # that are pinned, the one that is shown stays.
    host_keys.replaced(born, where)
    pins.set([address], [new])
    return True


def _read_again(pins: host_keys.Pins) -> None:
    """pyinfra has read the file when it connected, and would not look again."""
    read = get_host_keys((str(pins.path),))
    read.clear()
    # Of two, the first one counts there, which is the new one.
    read.load(str(pins.path))


def _shell(script: str, *words: str) -> str:
    return shlex.join(["sh", "-c", script, "sh", *words])


def _failed(host: Host, words: str) -> bool:
    host.log_styled(words, fg="red", log_func=logger.error)
    return False
