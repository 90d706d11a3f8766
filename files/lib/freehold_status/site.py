"""Whether visitors get the site: its first page is asked for, as they ask, and not counted."""

import http.client
import socket
import ssl

from freehold_host.rows import Row

_SECONDS = 15
HTTPS = 443


class _Connection(http.client.HTTPSConnection):
    """To this host itself, whatever DNS says of its name."""

    def connect(self) -> None:
        # The certificate has a row of its own, and needs nobody's word here.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
        self.sock = context.wrap_socket(plain, server_hostname=self.host)


def row(domain: str, port: int) -> Row:
    """What is answered to who asks for the site's first page."""
    connection = _Connection(domain, port, timeout=_SECONDS)
    try:
        # A count from the log leaves these out.
        connection.request("HEAD", "/", headers={"Host": domain})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        said = str(error) or type(error).__name__
        return Row("site", "error", f"nginx does not answer: {said}.", "make logs SERVICE=nginx")
    finally:
        connection.close()
    if status == http.client.OK:
        return Row("site", "ok", "the first page is served")
    return Row("site", "error", f"the first page is answered with {status}.", "make deploy")
