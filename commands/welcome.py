"""Say where the emulated droplet's site is, how to look at it, and what to type next."""

from commands.hosts import only_host
from emulator.droplet import current

TEXT = """
Your site is up:  {address}

  Look at it:     curl --insecure --resolve {resolve} {address}
  In a browser:   chromium --host-resolver-rules='MAP {domain} 127.0.0.1:{https}' {address}
                  (its certificate is its own, so the browser asks once; to root
                  Chromium says no unless you add --no-sandbox)
  Send an event:  curl --insecure --resolve {resolve} {address}api/event \\
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
    ports = current().ports
    if ports is None:
        raise SystemExit("There is no emulated droplet. Type: make up")
    domain = str(only_host("emulated").data["domain"])
    suffix = "" if ports.https == 443 else f":{ports.https}"
    print(
        TEXT.format(
            address=f"https://{domain}{suffix}/",
            resolve=f"{domain}:{ports.https}:127.0.0.1",
            domain=domain,
            https=ports.https,
        )
    )


if __name__ == "__main__":
    main()
