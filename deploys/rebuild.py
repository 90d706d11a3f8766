"""The images' base, kept new without anybody's care."""

from pyinfra.api import deploy

from deploys.script import script
from deploys.timer import timer
from settings.model import Settings


@deploy("Rebuild")
def weekly_rebuild(settings: Settings) -> None:
    """The same versions on a newer Debian, every week; the old ones when these do not work."""
    script(
        name="Install what gives the images their newest base",
        program="freehold-rebuild",
    )
    timer(
        "freehold-rebuild",
        settings,
        describe="Describe the weekly rebuild of the images",
        have=f"Have the weekly rebuild of the images {'on' if settings.weekly_rebuild else 'off'}",
        wanted=settings.weekly_rebuild,
    )
