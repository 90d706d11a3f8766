"""Page views of one's own sites, without identity: taken, kept and counted."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

__version__ = "0.1.0"


def create_app() -> "Flask":
    """The application, for `flask --app analytics`.

    Flask and SQLAlchemy are imported only here: the health check, which runs twice a minute on a
    small machine, imports this package and needs neither.
    """
    from analytics.app import create_app as create

    return create()
