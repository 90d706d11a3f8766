"""The analytics service's own commands, as a host runs them."""

import shlex

COMPOSE = ("docker", "compose", "--project-directory", "/opt/freehold")
# What an owner reads whose host did not answer.
UNANSWERED = "Are the services up? See: make logs, or mend them: make deploy"


def flask(*words: str, service: str = "webapp", terminal: bool = False) -> list[str]:
    """What a host is to run; its shell reads the words once more, so they are quoted.

    In a container of its own, with the settings of `service`: a command takes as much memory as
    the service does, and beside it in its container it would be the end of one of them.
    """
    run = [*COMPOSE, "run", "--rm", "--no-deps", *([] if terminal else ["-T"])]
    return [*run, service, *(shlex.quote(word) for word in ("flask", "--app", "analytics", *words))]


def one_site(domain: str) -> list[str]:
    """The words by which a command is told of which site it is; none for the only one."""
    return ["--site", domain] if domain else []
