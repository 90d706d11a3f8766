"""The analytics service's own commands, as a host runs them."""

import shlex
from typing import Literal

RunIn = Literal["webapp", "migrate"]
COMPOSE = ("docker", "compose", "--project-directory", "/opt/freehold")
# Of two files both are named. What is printed to the owner is in no log, by the second one.
_UNLOGGED = tuple(f"--file=/opt/freehold/{name}" for name in ("docker-compose.yml", "commands.yml"))
# What an owner reads whose host did not answer.
UNANSWERED = "Are the services up? See: make logs, or mend them: make deploy"


def flask(*words: str, service: RunIn = "webapp", terminal: bool = False) -> list[str]:
    """What a host is to run; its shell reads the words once more, so they are quoted.

    In a container of its own, with the settings of `service`: a command takes as much memory as
    the service does, and beside it in its container it would be the end of one of them.
    """
    run = [*COMPOSE, *_UNLOGGED, "run", "--rm", "--no-deps", *([] if terminal else ["-T"])]
    return [*run, service, *(shlex.quote(word) for word in ("flask", "--app", "analytics", *words))]


def one_site(domain: str) -> list[str]:
    """The words by which a command is told of which site it is; none for the only one."""
    return ["--site", domain] if domain else []
