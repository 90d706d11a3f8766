"""The most frequent operation of all: a template of ours as a file of the host."""

from pyinfra.api.operation import OperationMeta

from deploys.root_file import root_file
from settings.model import Settings
from settings.render import render


def rendered(
    name: str,
    template: str,
    path: str,
    settings: Settings,
    *,
    mode: str = "644",
    **extra: object,
) -> OperationMeta:
    """Put `template`, rendered, at `path` of the host, owned by root.

    `extra` is what the template needs beside the settings.
    """
    return root_file(
        name,
        render(template, settings, **extra),
        path,
        mode=mode,
    )
