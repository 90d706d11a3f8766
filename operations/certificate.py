"""The certificate of an authority: asked for when it is missing, and put in force."""

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import FunctionCommand, Host, State, operation

from facts.holds import Holds

PROGRAM = "/usr/local/sbin/freehold-certificate"


@operation()
def servable_certificate() -> Generator[str, None, None]:
    """Have something that nginx can serve until the authority has answered.

    What is served now stays, when it covers the site's name; else the host's own.
    """
    if host.get_fact(Holds, condition=f"[ -x {PROGRAM} ] && {PROGRAM} servable 2>/dev/null"):
        host.noop("There is a certificate to serve")
        return
    yield f"{PROGRAM} prepare"


def _issue(state: State, host: Host, may_fail: bool) -> bool:
    """Say what the program says, also when it succeeds: a renewal that failed is no end yet."""
    done, output = host.run_shell_command(f"{PROGRAM} issue")
    for line in [*output.stdout_lines, *output.stderr_lines]:
        host.log(line)
    return done or may_fail


@operation()
def trusted_certificate(may_fail: bool) -> Generator[FunctionCommand, None, None]:
    """Ask the authority for a certificate of all names, unless there is one, and serve it.

    + may_fail: whether it is asked again when the names lead here: make rebuild
    """
    pending = f"[ ! -x {PROGRAM} ] || {PROGRAM} pending"
    if not host.get_fact(Holds, condition=pending, if_broken=True):
        host.noop("The authority's certificate is in force")
        return
    yield FunctionCommand(_issue, (may_fail,), {})
