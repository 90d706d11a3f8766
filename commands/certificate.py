"""Ask the certificate authority at once, also where the last order failed a moment ago."""

import subprocess
import sys

from commands.hosts import hosts, parser

PROGRAM = "/usr/local/sbin/freehold-certificate"


def main() -> int:
    """Ask on each host; the program there says what is wrong, and what to do about it."""
    given = parser(__doc__).parse_args()
    codes = [
        subprocess.run(host.ssh(PROGRAM, "issue", "--now"), check=False).returncode
        for host in hosts(given.limit)
    ]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
