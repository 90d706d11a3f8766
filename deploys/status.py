"""How the host is: kept ready for the owner's command and for who logs in, told to notify_url."""

import json

from pyinfra.api import deploy

from deploys.root_file import root_file
from deploys.script import package, script
from deploys.timer import timer
from settings.model import Settings
from settings.paths import PROJECT


def program_settings(settings: Settings) -> str:
    """What the host's own program needs to know."""
    told = {
        "domain": settings.domain,
        "notify_url": settings.notify_url,
        "notify_kind": settings.notify_kind,
        "reboot_time": settings.reboot_time,
    }
    return json.dumps(told, indent=2) + "\n"


@deploy("Status")
def status(settings: Settings) -> None:
    """The program, a look every five minutes, and its lines for who logs in."""
    # Closed, for the address of a webhook may be a secret.
    root_file(
        "Write who is told how the host is",
        program_settings(settings),
        "/etc/freehold/status.json",
        mode="600",
    )
    package(
        name="Write the program that says how the host is",
        package="freehold_status",
    )
    script(
        name="Install it",
        program="freehold-status",
    )
    root_file(
        "Show it to who logs in",
        PROJECT / "files" / "login" / "50-freehold",
        "/etc/update-motd.d/50-freehold",
        mode="755",
    )
    timer(
        "freehold-status",
        settings,
        describe="Describe the look at the host",
        have="Look at the host every five minutes",
    )
