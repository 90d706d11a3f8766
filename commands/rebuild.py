"""A new droplet in the place of the old one, with all that was backed up; the old one goes last.

Exit code 0: the new one is live. 1: something went wrong; the same command goes on from there.
"""

import argparse
import sys
from collections.abc import Mapping

from commands.confirm import typed
from commands.handover import (
    back_up,
    begin_backups,
    carry_over,
    catch_up,
    certify,
    deploy_and_verify,
    host_of,
    phase,
)
from commands.with_cloud import with_cloud
from digitalocean.described import connection
from digitalocean.errors import CloudError
from digitalocean.login import check_login
from digitalocean.rebuild import Pair, Rebuild
from digitalocean.things import Droplet
from settings.model import Settings


def rebuild(
    steps: Rebuild, settings: Settings, *, last: bool, data: Mapping[str, object] | None = None
) -> int:
    """All steps that are left; `data` says how ssh logs in."""
    if not settings.backup_repository:
        raise CloudError(
            "No backup_repository is described, so a new droplet would begin with nothing. "
            "Describe one, make deploy, then make rebuild: docs/backups.md"
        )
    pair = steps.pair()
    if not _is_moved(steps, pair):
        # Before anything is bought, and before the old one takes no more events.
        steps.check_address(pair)
        steps.check_others(pair)
        if pair.new is None or not pair.new.carries(steps.tag):
            check_login(settings, data)
            pair = _prepared(steps, pair, settings, last=last)
        new = _there(pair)
        with phase("Moving the address"):
            steps.move(pair)
        with phase("Beginning the backups of the new one"):
            begin_backups(host_of(settings, new, steps.next))
    with phase("Moving the names"):
        steps.settle()
    pair = steps.pair()
    if _there(pair).carries(steps.next) and settings.certificate_mode == "acme":
        certify(host_of(settings, _there(pair), steps.next))
    return _finish(steps, pair, settings)


def _prepared(steps: Rebuild, pair: Pair, settings: Settings, *, last: bool) -> Pair:
    """Old and new, when the new one has all that the old one had, as far as it can be had."""
    # One whose place was taken is not live, whatever became of the one that took it.
    live = pair.old if pair.old is not None and pair.old.carries(steps.tag) else None
    if pair.new is None:
        both = f" The old one costs ${pair.old.monthly:.2f} until it is gone." if pair.old else ""
        print(f"--> {steps.costs()}{both}", flush=True)
    if pair.new is None and live is not None and not last:
        with phase("Taking a last backup"):
            back_up(host_of(settings, live, steps.tag, *steps.addresses_of(live)))
    # Also one that is there: the run that made it may have been cut off before it was ready.
    with phase("Making the new droplet"):
        steps.make()
    pair = steps.pair()
    new = _there(pair)
    deploy_and_verify(settings, new, steps.next)
    if live is not None and not last:
        with phase("Carrying over what came since the backup"):
            old = host_of(settings, live, steps.tag, *steps.addresses_of(live))
            carry_over(old, host_of(settings, new, steps.next))
    else:
        with phase("Looking for a newer backup"):
            catch_up(host_of(settings, new, steps.next))
    return pair


def _there(pair: Pair) -> Droplet:
    if pair.new is None:
        raise CloudError("The new droplet is not to be seen yet. To go on: make rebuild")
    return pair.new


def _is_moved(steps: Rebuild, pair: Pair) -> bool:
    return bool(
        pair.old
        and pair.old.carries(steps.old)
        and not pair.old.carries(steps.tag)
        and pair.new
        and not pair.new.carries(steps.next)
    )


def _finish(steps: Rebuild, pair: Pair, settings: Settings) -> int:
    """Destroy the old one when its owner says so, and be at the end."""
    old, new = pair.old, _there(pair)
    if old is None or not old.carries(steps.old):
        print("The new droplet is live.")
    else:
        _give_up(steps, old, new, settings)
    steps.end(new)
    return 0


def _give_up(steps: Rebuild, old: Droplet, new: Droplet, settings: Settings) -> None:
    print(
        f"The new droplet is live. The old one ({old.id}, {old.ipv4}) still runs and costs "
        f"${old.monthly:.2f} a month. It goes for good with all that is on its disk.",
        flush=True,
    )
    if left := steps.led_to_old():
        print(
            f"DNS may lead visitors to it for {left:.0f} s more, since its names were led to the "
            "new one just now: it is destroyed after that.",
            flush=True,
        )
    if not typed(settings.droplet_name, "destroy the old one"):
        print("It stays. To be asked again: make rebuild")
        return
    if steps.led_to_old():
        with phase("Waiting until DNS leads nobody to the old droplet"):
            steps.let_go()
    with phase("Destroying the old droplet"):
        steps.destroy(old, new)


def main() -> int:
    """As the settings describe it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--last", action="store_true", help="with the last backup that there is")
    last: bool = options.parse_args().last
    return with_cloud(
        lambda cloud, settings: rebuild(
            Rebuild(cloud, settings), settings, last=last, data=connection()
        )
    )


if __name__ == "__main__":
    sys.exit(main())
