"""A droplet on your own machine: a Debian 13 virtual machine, booted by cloud-init.

Its folder is the current one's `.emulator/`, or that which FREEHOLD_EMULATOR names, as tests do to
leave the developer's own droplet alone.
"""

from emulator.current import current
from emulator.droplet import Droplet

__all__ = ["Droplet", "current"]
