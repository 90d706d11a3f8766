"""What every command at Digital Ocean begins and ends with."""

import sys
from collections.abc import Callable

from digitalocean.account import cloud_of
from digitalocean.cloud import Cloud
from digitalocean.described import asked
from settings.errors import SettingsError
from settings.model import Settings


def with_cloud(work: Callable[[Cloud, Settings], int], *, brings_files: bool = True) -> int:
    """Do `work` as the settings describe it; the exit code, after a sentence for each trouble.

    + brings_files: whether a deploy is a part of it
    """
    try:
        settings = asked(brings_files=brings_files)
        return work(cloud_of(settings, print), settings)
    except SettingsError as error:
        print(error.message, file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
    return 1
