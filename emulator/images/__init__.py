"""Stand-ins for the official images, for machines where no registry answers.

A stand-in has the name and the contract of the image that it replaces (users, folders, entrypoint
variables, stop signal), so that the compose file of production runs unchanged. It is made of
Debian's packages from the mirror that this machine's apt uses, and of the files beside this
module; nothing is copied from the official images.

    for archive in stand_ins({"nginx": "nginx:1.30.6"}, Path(".cache/images"), print):
        ...  # docker load --input archive.path

Nothing here needs a Docker daemon; mmdebstrap needs root.
"""

from emulator.images.archive import Archive, unpack
from emulator.images.build import stand_ins

__all__ = ["Archive", "stand_ins", "unpack"]
