"""Where the emulated droplet differs from a real one. How to reach it, it says itself."""

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
