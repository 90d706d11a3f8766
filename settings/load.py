"""From pyinfra's data of a host to `Settings`, or to a text about all that is wrong with it."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings.connection import pyinfras_own, wrong_connection, wrong_for_pyinfra
from settings.errors import SettingsError
from settings.faults import Fault, WrongSetting, report, shown, together, written
from settings.further_sites import FurtherSite
from settings.inventory import HostEntry, hosts_of, written_hosts
from settings.model import Settings
from settings.paths import BRINGS_FILES, PROJECT

__all__ = ["HostEntry", "SettingsError", "check_inventory", "settings_of", "written_hosts"]

# What pydantic found, in the words of this project; {…} is filled from the details.
SENTENCES = {
    "string_type": "It must be a text in quotes.",
    "int_type": "It must be a whole number, without quotes.",
    "int_from_float": "It must be a whole number, without quotes.",
    "bool_type": "It must be True or False, without quotes.",
    "tuple_type": "It must be a list, in square brackets.",
    "dict_type": "It must be settings by name, in braces.",
    "model_type": "It must be settings by name, in braces; {{}} for those of the first site.",
    "invalid_key": "The names must be texts in quotes.",
    "greater_than_equal": "It must be at least {ge}.",
    "less_than_equal": "It must be at most {le}.",
}


def settings_of(data: Mapping[str, object], *, brings_files: bool = True) -> Settings:
    """The settings in the data of a host (`host.data.dict()`).

    Whoever brings no files to a host (`brings_files`) needs none of the owner's that settings name:
    a rollback must be possible while the site is not built, or a certificate has ended.
    Raises SettingsError, with everything that is wrong.
    """
    settings, wrong = _examined(data, brings_files=brings_files)
    if settings is None:
        raise SettingsError(report(wrong, "Nothing was changed."))
    return settings


def check_inventory(
    groups: Mapping[str, Sequence[HostEntry]],
    folder: Path = PROJECT / "group_data",
    *,
    brings_files: bool = True,
) -> None:
    """Check the settings of every host, before pyinfra connects to any.

    `groups` are the groups of inventory.py in its order, for the last one's settings win;
    `brings_files` as for `settings_of`.
    Raises SettingsError, with everything that is wrong; what several hosts share is told once.
    """
    found = [
        (host.name, replace(one, where=host.origin(one.name)))
        for host in hosts_of(groups, folder)
        for one in _examined(host.data, brings_files=brings_files)[1]
    ]
    if found:
        raise SettingsError(report(together(found), "No host was contacted."))


def _examined(
    data: Mapping[str, object], *, brings_files: bool
) -> tuple[Settings | None, list[WrongSetting]]:
    """The settings, or else all that is wrong; what belongs to pyinfra is left out of them."""
    wrong = list(wrong_connection(data))
    told = {one.name for one in wrong}
    fields = {field.alias or name for name, field in Settings.model_fields.items()}
    # A leading underscore is how group_data says that a name is for the file itself.
    others = {name for name in data if name.startswith("_")} | pyinfras_own()
    ours = {name: value for name, value in data.items() if name in fields or name not in others}
    settings = None
    try:
        settings = Settings.model_validate(ours, context={BRINGS_FILES: brings_files})
        if not wrong:
            wrong += wrong_for_pyinfra(data, settings)
    except ValidationError as error:
        wrong += [one for one in _translated(error.errors(), ours) if one.name not in told]
    order = list(data)
    wrong.sort(key=lambda one: order.index(one.name) if one.name in order else -1)
    return (None if wrong else settings), wrong


def _translated(
    errors: Sequence[ErrorDetails], data: Mapping[str, object]
) -> Iterator[WrongSetting]:
    """What pydantic found, one for each setting, in words for the owner."""
    by_setting: dict[str, list[ErrorDetails]] = {}
    for error in errors:
        by_setting.setdefault(str(error["loc"][0]), []).append(error)
    fields = {field.alias or name: field for name, field in Settings.model_fields.items()}
    for name, found in by_setting.items():
        if name not in fields:
            yield WrongSetting(name, (_unknown(name, fields),))
            continue
        # What would be right inside of a setting is not the whole of it.
        whole = (_fault(one) for one in found if len(one["loc"]) == 1)
        fault = next((one for one in whole if one and one.right is not None), None)
        examples = fields[name].examples or []
        right = fault.right if fault else next(iter(examples), None)
        given = data.get(name)
        yield WrongSetting(
            name=name,
            sentences=tuple(text for error in found for text in _sentences(error)),
            value="" if given is None else shown(name, given),
            right="" if right is None else written(right),
        )


def _fault(error: ErrorDetails) -> Fault | None:
    cause = error.get("ctx", {}).get("error")
    return cause if isinstance(cause, Fault) else None


def _sentences(error: ErrorDetails) -> tuple[str, ...]:
    fault = _fault(error)
    if fault:
        return tuple(f"{_within(error)}{sentence}" for sentence in fault.sentences)
    if error["type"] == "extra_forbidden":
        known = ", ".join(FurtherSite.model_fields)
        return (f"{_within(error)}A further site has no such setting. There are: {known}.",)
    field = Settings.model_fields.get(str(error["loc"][0]))
    if error["type"] == "missing" or (error["input"] is None and field and field.is_required()):
        return ("It is missing, and has no default.",)
    text = SENTENCES.get(error["type"], "It is of another kind than it must be.").format(
        **error.get("ctx", {})
    )
    return (f"{_within(error)}{text}",)


def _within(error: ErrorDetails) -> str:
    """Where in a setting a fault is: `Entry 2: `, `shop.example, collect: `."""
    _, *inside = error["loc"]
    if not inside:
        return ""
    # pydantic's word for a name that is wrong itself.
    if inside[-1] == "[key]":
        inside = [str(step) for step in inside[:-1]]
    if error["type"] == "invalid_key":
        inside = [str(step) for step in inside]
    steps = [f"entry {step + 1}" if isinstance(step, int) else step for step in inside]
    place = ", ".join(steps)
    return f"{place[0].upper() if isinstance(inside[0], int) else place[0]}{place[1:]}: "


def _unknown(name: str, known: Mapping[str, object]) -> str:
    names = [*known, *sorted(pyinfras_own())]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    # Half a name is less alike than it is meant: swap, certificate.
    near = near or [one for one in names if name in one.split("_")]
    return "There is no such setting." + (f" Did you mean {near[0]}?" if near else "")
