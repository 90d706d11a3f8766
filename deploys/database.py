"""The database's major version, which no deploy changes."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.api.exceptions import DeployError

from deploys.script import package, script
from facts.major import Data, HostData
from settings.model import Settings


def check_the_database(settings: Settings) -> Data:
    """What there is; DeployError when the settings want another major version than it is of."""
    found, wanted = host.get_fact(HostData), settings.postgres_major
    here = found.major
    if here is None or here == wanted:
        return found
    what = (
        f"The data of {host.name} is PostgreSQL {here}'s, and postgres_image is "
        f"{settings.postgres_image}, which would begin with an empty database. Nothing was "
        "changed. "
    )
    if wanted > here:
        raise DeployError(f"{what}To bring the data along: make upgrade-database")
    raise DeployError(f"{what}No older version can read it: name an image of {here} or newer.")


@deploy("Database")
def upgrade_program() -> None:
    """What brings the data to a newer version, when the owner asks for it."""
    package(
        name="Write the program that moves the database to a newer PostgreSQL",
        package="freehold_upgrade",
    )
    script(
        name="Install it",
        program="freehold-upgrade-database",
    )
