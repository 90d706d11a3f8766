"""Go back to an earlier release of the service or of the site; nothing is built for it.

Without --what, of the two that one goes back which was changed last; without --to, by one release.
"""

import shlex
import subprocess
import sys

from commands.hosts import only_host, parser
from operations.origin import who

PROGRAM = "/usr/local/sbin/freehold-rollout"


def main() -> int:
    """The host's own program says what it does, and what is wrong."""
    options = parser(__doc__)
    options.add_argument("--what", choices=["service", "site"], default="")
    options.add_argument("--to", default="", help="a release, or a part of its name")
    given = options.parse_args()
    # A shell there reads it.
    wanted = shlex.join(["back", "--what", given.what, "--to", given.to, "--by", who()])
    return subprocess.run(only_host(given.limit).ssh(f"{PROGRAM} {wanted}"), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
