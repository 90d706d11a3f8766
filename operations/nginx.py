"""Put nginx's configuration and certificate in force, checked by nginx itself."""

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from facts.holds import Holds

SCRIPT = "/usr/local/sbin/freehold-nginx"


@operation()
def nginx_in_force(certificate: str, image: str) -> Generator[str, None, None]:
    """Check the candidate in a throw-away container of `image`, switch to it, reload nginx.

    When nginx refuses it, the run fails with nginx's own words and the old one goes on serving.

    + certificate: the mode whose certificate is to be served
    """
    pending = f"[ ! -x {SCRIPT} ] || {SCRIPT} pending {certificate}"
    if not host.get_fact(Holds, condition=pending, if_broken=True):
        host.noop("nginx serves with this configuration and certificate")
        return
    yield f"{SCRIPT} apply {certificate} {image}"
