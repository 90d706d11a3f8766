"""Print a link that signs a browser in to the dashboard. It works once, and for ten minutes."""

import subprocess
import sys

from commands.flask import UNANSWERED, flask
from commands.hosts import forwarded_https, only_host, parser

LINK = """
Open this within ten minutes. It works once, and signs that browser in for 30 days:

  {link}
"""
# The name leads nowhere but to this machine, and perhaps to another port.
EMULATED = """
The droplet is an emulated one, so a browser must be told where it is:

  chromium --host-resolver-rules='MAP {domain} {address}:{https}' '{link}'

(Its certificate is its own, so the browser asks once; to root Chromium says no unless you add
--no-sandbox.)
"""


def question(domain: str, https: int | None) -> list[str]:
    """What the host is to run for a link that leads to it from here.

    `https` is the port of this machine that leads to an emulated droplet.
    """
    if https in (None, 443):
        return flask("dashboard-link")
    return flask("dashboard-link", "--base", f"https://{domain}:{https}")


def answer(link: str, domain: str, address: str, https: int | None) -> str:
    """The link, and how to open it."""
    text = LINK.format(link=link)
    if https is not None:
        text += EMULATED.format(domain=domain, address=address, https=https, link=link)
    return text


def main() -> int:
    """Ask the host and print what it says."""
    host = only_host(parser(__doc__).parse_args().limit)
    domain, https = str(host.data["domain"]), forwarded_https(host)
    argv = host.ssh(*question(domain, https))
    asked = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    if asked.returncode:
        print(UNANSWERED, file=sys.stderr)
        return 1
    print(answer(asked.stdout.strip(), domain, host.address, https))
    return 0


if __name__ == "__main__":
    sys.exit(main())
