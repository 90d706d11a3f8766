"""The emulated droplet's host key, and the key that logs in."""

import subprocess
from pathlib import Path


def key_pair(private: Path) -> tuple[str, str]:
    """The ed25519 pair at `private` and `private`.pub, made when missing: (private, public)."""
    public = private.with_name(f"{private.name}.pub")
    if not public.exists():
        # The public half is written last: without it the pair is not whole.
        private.unlink(missing_ok=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "emulated", "-f", str(private)],
            check=True,
        )
    return private.read_text(), public.read_text().strip()
