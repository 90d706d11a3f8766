"""Installing a Debian into a folder."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from emulator.errors import EmulatorError


def install(what: str, arguments: Sequence[str], log: Path) -> None:
    """Run mmdebstrap with `arguments`, its words in `log`; `what` is for the error's sentence."""
    with log.open("w") as output:
        done = subprocess.run(
            ["mmdebstrap", "--mode=root", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise EmulatorError(
            f"mmdebstrap could not install {what}. Its last words:\n"
            + "\n".join(log.read_text().splitlines()[-5:])
            + f"\nThe whole log: {log}\nIs the Debian mirror reachable? Try: apt-get update"
        )
