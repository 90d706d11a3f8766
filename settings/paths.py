"""Where this project is, and what a path in its settings means."""

from pathlib import Path

from pydantic import ValidationInfo

from settings.faults import Fault

PROJECT = Path(__file__).resolve().parent.parent
# By which the context of a validation says so (settings/load.py).
BRINGS_FILES = "brings_files"


def path_of(text: str) -> Path:
    """The absolute path that `text` names: `~` is the home, a relative path starts in the project.

    Raises Fault when it can't be a path, or names the home of a user that does not exist.
    """
    if not text or not text.isprintable():
        # Someone may have pasted what is in the file, so it is not repeated.
        raise Fault("The path of a file or folder on this machine is needed.")
    try:
        return PROJECT / Path(text).expanduser()
    except RuntimeError:
        raise Fault(
            f"There is no user on this machine whose home is {text.split('/')[0]}."
        ) from None


def brings_files(known: ValidationInfo) -> bool:
    """Whether the owner's files that settings name are brought to a host, and looked at before."""
    return (known.context or {}).get(BRINGS_FILES, True) is True


def content_of(text: str) -> bytes:
    """What the file that `text` names holds.

    Raises Fault with the reason why it can't be read.
    """
    path = path_of(text)
    try:
        # Reading a pipe would wait for ever.
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise Fault(f"{text} is not a regular file.")
        return path.read_bytes()
    except FileNotFoundError:
        # The resolved path only where it says more than the setting itself.
        tried = "" if text == str(path) else f" (that is {path})"
        raise Fault(f"There is no file {text}{tried}.") from None
    except IsADirectoryError:
        raise Fault(f"{text} is a folder, and a file is needed.") from None
    except OSError as error:
        raise Fault(f"{text} can't be read: {(error.strerror or str(error)).lower()}.") from None
