"""The one exception that leaves this package for a user's mistake."""

from importlib import import_module
from typing import IO, Any

import pyinfra
from click import ClickException
from pyinfra import logger
from pyinfra.api.exceptions import PyinfraError
from typing_extensions import override


def _shown_as_it_is() -> type[ClickException]:
    """What pyinfra's command shows without "pyinfra error in" and a line of our code before it."""
    # Importing pyinfra_cli patches the standard library (gevent), so nobody else may do it.
    if pyinfra.is_cli:
        shown: type[ClickException] = import_module("pyinfra_cli.exceptions").CliError
        return shown
    return ClickException


class SettingsError(PyinfraError, _shown_as_it_is()):  # type: ignore[misc]
    """The settings are wrong; the message tells the owner all of it."""

    @override
    def show(self, file: IO[Any] | None = None) -> None:
        logger.warning(f"--> {self.message}")
