"""The inventory with all data of its hosts, as pyinfra will make it: the merging is pyinfra's."""

import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_inventory, ctx_state

from settings.errors import SettingsError
from settings.paths import PROJECT

# A host as inventory.py has it: its name, or its name with data of its own.
HostEntry = str | tuple[str, dict[str, object]]


@dataclass(frozen=True)
class HostData:
    """A host with its data, and what each value comes from: [(file, data)], the last one wins."""

    name: str
    data: dict[str, object]
    sources: list[tuple[str, Mapping[str, object]]]

    def origin(self, setting: str) -> str:
        """The file that `setting` comes from; nothing when no file gives it a value."""
        last_first = reversed(self.sources)
        return next((file for file, data in last_first if data.get(setting) is not None), "")


def written_hosts(droplets: object) -> list[HostEntry]:
    """What a person wrote as their hosts in inventory.py; SettingsError when it is no such list."""
    if isinstance(droplets, list) and all(_is_entry(entry) for entry in droplets):
        return droplets
    raise SettingsError(
        f"droplets in inventory.py is {droplets!r}. It must be a list of addresses, in brackets "
        "and quotes; settings of one host alone stand beside its address.\n"
        '    Right: droplets = ["203.0.113.7"]\n'
        '    Right: droplets = [("203.0.113.7", {"http3": True})]'
    )


def _is_entry(entry: object) -> bool:
    match entry:
        case str(name) | (str(name), dict()):
            return bool(name.strip())
        case _:
            return False


def hosts_of(groups: Mapping[str, Sequence[HostEntry]], folder: Path) -> list[HostData]:
    """The hosts of `groups` with all the data that pyinfra will give them.

    Raises SettingsError, with file and line, when a file of `folder` is not Python or fails.
    """
    inventory = _inventory(groups, folder)
    return [
        HostData(
            name=host.name,
            data=host.data.dict(),
            sources=[
                ("group_data/all.py", inventory.data),
                *((f"group_data/{name}.py", inventory.group_data[name]) for name in host.groups),
                ("inventory.py", inventory.host_data[host.name]),
            ],
        )
        for host in inventory
    ]


def _inventory(groups: Mapping[str, Sequence[HostEntry]], folder: Path) -> Inventory:
    """What pyinfra itself will make of `groups` and `folder`: it merges the data, not we."""
    hosts = list(dict.fromkeys(_name(entry) for group in groups.values() for entry in group))
    # As pyinfra does, every host is in a group called like the inventory's file too.
    every = {**groups, "inventory": groups.get("inventory", hosts)}
    # Group data may ask which groups there are; pyinfra answers from such an inventory as well.
    bare = Inventory((hosts, {}), **{name: (list(group), {}) for name, group in every.items()})
    data = _group_data(folder, bare)
    # Groups without hosts here may be given to hosts by a connector.
    filled = {name: (list(every.get(name, [])), data.get(name, {})) for name in [*every, *data]}
    filled.pop("all", None)
    return Inventory((hosts, data.get("all", {})), **filled)


def _name(entry: HostEntry) -> str:
    return entry if isinstance(entry, str) else entry[0]


def _group_data(folder: Path, inventory: Inventory) -> dict[str, dict[str, object]]:
    """Every file of `folder`, run by pyinfra's own code: {group: data}.

    Raises SettingsError, with file and line, when a file is not Python or fails.
    """
    # Not above: outside pyinfra's command these patch the standard library (gevent).
    from pyinfra_cli.exceptions import UnexpectedExternalError  # type: ignore[import-untyped]
    from pyinfra_cli.inventory import _get_group_data  # type: ignore[import-untyped]

    with ExitStack() as contexts:
        contexts.enter_context(ctx_inventory.use(inventory))
        if not ctx_state.isset():
            contexts.enter_context(ctx_state.use(State()))
        try:
            data: dict[str, dict[str, object]] = _get_group_data(str(folder))
        except SyntaxError as error:
            place = _place(error.filename or str(folder), error.lineno)
            raise SettingsError(f"{place} is not right Python: {error.msg}") from None
        except UnexpectedExternalError as error:
            cause = error.exception
            lines = [
                frame.lineno
                for frame in traceback.extract_tb(cause.__traceback__)
                if frame.filename == error.filename
            ]
            place = _place(error.filename, lines[-1] if lines else None)
            raise SettingsError(f"{place} failed: {type(cause).__name__}: {cause}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{folder} can't be read: {error}") from None
    return data


def _place(file: str, line: int | None) -> str:
    path = Path(file)
    short = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path
    return f"{short} line {line}" if line else str(short)
