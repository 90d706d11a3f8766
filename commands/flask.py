"""The analytics service's own commands, as a host runs them."""

import shlex

COMPOSE = ("docker", "compose", "--project-directory", "/opt/freehold")


def flask(*words: str, service: str = "webapp", terminal: bool = False) -> list[str]:
    """What a host is to run; its shell reads the words once more, so they are quoted.

    In a container of its own, with the settings of `service`: a command takes as much memory as
    the service does, and beside it in its container it would be the end of one of them.
    """
    run = [*COMPOSE, "run", "--rm", "--no-deps", *([] if terminal else ["-T"])]
    return [*run, service, *(shlex.quote(word) for word in ("flask", "--app", "analytics", *words))]
