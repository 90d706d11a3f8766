"""Where the emulated droplet differs from a real one."""

import json
import os
from pathlib import Path

# A name that no one owns (RFC 6761), so that trying things out here never shadows the real site.
domain = "blog.test"

# What of the owner's lines belongs to their own name or is theirs alone.
aliases: list[str] | None = None
hostname: str | None = None
ssh_allowed_from: list[str] = []
allowed_origins: list[str] = []
certificate_mode = "acme"
# Of the droplet's own authority, which says itself where it is.
acme_profile = ""
notify_url = ""
# The owner's backups are none of its business.
backup_repository = ""
restore = ""

# What `make up` has droplet.py make, in an account of the emulated Digital Ocean.
droplet_region = "fra1"
droplet_name = "emulated-droplet"
droplet_size = "s-1vcpu-1gb"
droplet_image = "debian-13-x64"
droplet_tag = "freehold"
reserved_address = "no"
manage_dns = True
uptime_check = False
uptime_email = ""

# What only that account can say: which keys log in, and who certifies. Of a droplet that was made
# without it (python -m emulator up), inventory.py says it.
_here = f"{Path(__file__).resolve().parents[1]}/.emulator"
_told = os.environ.get("FREEHOLD_EMULATOR", _here) + "/settings.json"
if Path(_told).exists():
    globals().update(json.loads(Path(_told).read_text()))
