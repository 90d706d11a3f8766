"""What may stand in the data of a host beside our settings: pyinfra's own words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from pyinfra.api.connectors import get_all_connectors
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.util import raise_if_bad_type
from pyinfra.connectors.ssh import ConnectorData

from settings.faults import Fault, WrongSetting, shown, written
from settings.keys import lets_in, private_key
from settings.model import Settings
from settings.paths import content_of, path_of

EXAMPLES: dict[str, object] = {
    "ssh_hostname": "203.0.113.7",
    "ssh_port": 22,
    "ssh_key": "~/.ssh/id_ed25519",
    "ssh_known_hosts_file": "~/.ssh/known_hosts",
}
KINDS = {str: "a text in quotes", int: "a whole number", bool: "True or False", float: "a number"}


def pyinfras_own() -> set[str]:
    """The names that pyinfra's connectors read from the data of a host."""
    meta = (getattr(connector, "data_meta", {}) for connector in get_all_connectors().values())
    return {key for keys in meta for key in keys}


def wrong_connection(data: Mapping[str, object]) -> Iterator[WrongSetting]:
    """What is wrong with how a host is to be reached."""
    for name, kind in get_type_hints(ConnectorData).items():
        if name not in data:
            continue
        try:
            _check(name, data[name], kind, data)
        except Fault as fault:
            example = EXAMPLES.get(name) if fault.right is None else fault.right
            yield WrongSetting(
                name=name,
                sentences=fault.sentences,
                value=shown(name, data[name]),
                right="" if example is None else written(example),
            )


def _check(name: str, value: Any, kind: type, data: Mapping[str, object]) -> None:  # noqa: ANN401 - whatever was written
    try:
        raise_if_bad_type(value, kind, PyinfraError, "")
    except PyinfraError:
        raise Fault(f"It must be {KINDS.get(kind, 'of another kind')}.") from None
    if isinstance(value, bool) and kind is int:
        raise Fault(f"It must be {KINDS[int]}.")
    if name == "ssh_port" and not 0 < value < 65536:
        raise Fault("A port is a number from 1 to 65535.")
    if name == "ssh_key" and not re.fullmatch(r"[\w@%+=:,./~-]*", value):
        # pyinfra writes it as it is into what a shell and rsync read.
        raise Fault(
            "Its path may have no spaces and quotes: rsync, which brings the site, gets lost in it."
        )
    if name == "ssh_key" and not data.get("ssh_key_password"):
        private_key(value)
    if name == "ssh_config_file" and value.startswith("~"):
        # pyinfra would find no such file, and go on without one.
        raise Fault("pyinfra knows no ~ here. Write all of the path.", right=str(path_of(value)))
    if name in ("ssh_known_hosts_file", "ssh_config_file"):
        content_of(value)


def wrong_for_pyinfra(data: Mapping[str, object], settings: Settings) -> Iterator[WrongSetting]:
    """What is wrong because pyinfra itself would be locked out."""
    key = data.get("ssh_key")
    if not isinstance(key, str) or data.get("ssh_key_password"):
        return
    # A certificate beside the key lets in whom its authority signed.
    if path_of(f"{key}-cert.pub").exists():
        return
    if not lets_in(settings.authorized_key_lines, private_key(key)):
        yield WrongSetting(
            name="authorized_keys",
            sentences=(f"It lacks the key that pyinfra logs in with (ssh_key = {written(key)}).",),
            value=shown("authorized_keys", list(settings.authorized_keys)),
            right=written([*settings.authorized_keys, f"{key}.pub"]),
        )
