"""Say where the emulated droplet's site is, how to look at it, and what to type next."""

import argparse
from pathlib import Path

from commands.hosts import only_host
from emulator.current import current

TEXT = """
Your site is up:  {address}

  Look at it:     curl --cacert {roots} --resolve {resolve} {address}
                  (its certificate is of a test authority on this machine, and renewed by
                  itself: on a real server it is of Let's Encrypt)
  In a browser:   chromium --host-resolver-rules='MAP {domain} {where}:{https}' {address}
                  (which does not know that authority, so it asks once; to root Chromium
                  says no unless you add --no-sandbox)
  Send an event:  curl --cacert {roots} --resolve {resolve} {address}api/event \\
                    --header 'Origin: https://{domain}' \\
                    --data '{{"name": "pageview", "url": "https://{domain}/",
                             "domain": "{domain}"}}'

  What next:      make dashboard  a link to see which pages are read, and from where
                  make stats      the same as a table
                  make verify     prove that the host is what it should be
                  make deploy     after a change; make drift shows what it would do
                  make ssh        a shell on it; make down ends it
"""


def main() -> None:
    """Print the address of the running emulated droplet."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    droplet = current()
    ports = droplet.ports
    if ports is None:
        raise SystemExit("There is no emulated droplet. Type: make up")
    roots = droplet.authority.roots
    domain = str(only_host("emulated").data["domain"])
    suffix = "" if ports.https == 443 else f":{ports.https}"
    print(
        TEXT.format(
            address=f"https://{domain}{suffix}/",
            resolve=f"{domain}:{ports.https}:{ports.address}",
            where=ports.address,
            domain=domain,
            roots=roots.relative_to(Path.cwd()) if roots.is_relative_to(Path.cwd()) else roots,
            https=ports.https,
        )
    )


if __name__ == "__main__":
    main()
