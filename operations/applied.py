"""Give the running system what stands in files, when it has not got it yet."""

from collections.abc import Generator, Sequence

from pyinfra import host
from pyinfra.api import operation

from facts.applied import STAMPS, Applied, digest_command


@operation()
def applied(
    what: str, paths: Sequence[str], command: str, state: str = "true"
) -> Generator[str, None, None]:
    """Run `command` unless it was run since `paths` and `state` became what they are.

    pyinfra has no handlers, and `_if=file.did_change` forgets: a run that is cut off after the
    file was written would never restart the service. Here a stamp on the host remembers what was
    applied, so the next run goes on where the last one stopped.

    + what: the stamp's name
    + paths: the files that `command` applies
    + command: checks and applies; a failure leaves the stamp as it was
    + state: a command whose output is part of the comparison, so that a change made by hand to
      the running system is noticed too (`nft list table …`)

    **Example:**

    .. code:: python

        applied(
            name="Load the journal's limits",
            what="journald",
            paths=["/etc/systemd/journald.conf.d/freehold.conf"],
            command="systemctl restart systemd-journald",
        )
    """
    known = host.get_fact(Applied, what=what, paths=paths, state=state)
    if known.is_current:
        host.noop(f"{what} is applied")
        return
    yield command
    yield (
        f"mkdir -p {STAMPS} && {digest_command(paths, state)} >{STAMPS}/.{what} "
        f"&& mv {STAMPS}/.{what} {STAMPS}/{what}"
    )
