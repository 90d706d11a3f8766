"""Open a shell on the host."""

import subprocess
import sys

from commands.hosts import only_host, parser

if __name__ == "__main__":
    host = only_host(parser(__doc__).parse_args().limit)
    sys.exit(subprocess.run(host.ssh(terminal=sys.stdin.isatty()), check=False).returncode)
