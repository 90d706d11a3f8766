"""Follow the services' logs until Ctrl-C."""

import contextlib
import subprocess
import sys

from commands.flask import COMPOSE
from commands.hosts import only_host, parser

SERVICES = ("nginx", "webapp", "worker", "db")
# What nginx complains of does not come by Docker: its visitors' addresses are taken out on the way.
ERRORS = ["journalctl", "--identifier=nginx", "--follow", "--lines=100"]

if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument(
        "service", nargs="*", choices=[*SERVICES, "errors", []], help="which services"
    )
    given = options.parse_args()
    if "errors" in given.service and given.service != ["errors"]:
        options.error("errors are followed alone: make logs SERVICE=errors")
    command = [*COMPOSE, "logs", "--follow", "--tail", "100", *given.service]
    if given.service == ["errors"]:
        command = ERRORS
    with contextlib.suppress(KeyboardInterrupt):
        argv = only_host(given.limit).ssh(*command)
        sys.exit(subprocess.run(argv, check=False).returncode)
