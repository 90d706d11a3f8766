"""The most frequent operation of all: a template of ours as a file of the host."""

from io import StringIO

from pyinfra.api.operation import OperationMeta
from pyinfra.operations import files

from settings.model import Settings
from settings.render import render


def rendered(
    name: str,
    template: str,
    path: str,
    settings: Settings,
    *,
    mode: str = "644",
    make_folder: bool = False,
    **extra: object,
) -> OperationMeta:
    """Put `template`, rendered, at `path` of the host, owned by root.

    `make_folder` costs a round trip in every run, so it is asked for only where a package does
    not bring the folder; `extra` is what the template needs beside the settings.
    """
    return files.put(
        name=f"{name} ({path})",
        src=StringIO(render(template, settings, **extra)),
        dest=path,
        mode=mode,
        user="root",
        group="root",
        create_remote_dir=make_folder,
    )
