"""What is wrong with a setting, and how it is told."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

LONGEST_VALUE = 72


class Fault(ValueError):  # noqa: N818 - it is about a value, not about the program
    """A value is not right. Each sentence tells one reason; `right` is a value that would be."""

    def __init__(self, *sentences: str, right: object = None) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences
        self.right = right


def of_repeated(given: Sequence[str]) -> list[str]:
    """A sentence for each text that stands there more than once."""
    repeated = sorted({text for index, text in enumerate(given) if text in given[:index]})
    return [f"{text!r} stands there twice." for text in repeated]


@dataclass(frozen=True)
class WrongSetting:
    """A setting with all that is wrong with it. `where` names the file that it was set in."""

    name: str
    sentences: tuple[str, ...]
    value: str = ""
    right: str = ""
    where: str = ""
    hosts: tuple[str, ...] = field(default=(), compare=False)

    def text(self) -> str:
        """The setting as it is, each reason, and the setting as it could be."""
        heading = f"{self.name} = {self.value}" if self.value else self.name
        places = [self.where, ", ".join(self.hosts)]
        described = "; ".join(place for place in places if place)
        lines = [f"  {heading}" + (f"   ({described})" if described else "")]
        lines += [f"      {sentence}" for sentence in self.sentences]
        # Where the example is what was given, the reason lies outside: a file that is missing.
        if self.right and self.right != self.value:
            lines.append(f"      Right: {self.name} = {self.right}")
        return "\n".join(lines)


def written(value: object) -> str:
    """`value` as a group_data file would have it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        pairs = (f"{written(key)}: {written(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return repr(value)


def shown(name: str, value: object) -> str:
    """`value` for a message: shortened, and nothing when it might hold a secret."""
    text = written(value)
    if "password" in name or "PRIVATE KEY" in text or re.search(r"://[^/@]*:[^/@]*@", text):
        return ""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def report(wrong: Sequence[WrongSetting], so_far: str) -> str:
    """All that is wrong as one text for the owner, and what has happened `so_far`."""
    count = "One setting is" if len(wrong) == 1 else f"{len(wrong)} settings are"
    parts = [f"{count} wrong. {so_far}"]
    parts += [one.text() for one in wrong]
    parts.append(
        "  Your own settings are in group_data/droplets.py; "
        "all that there are, and their defaults, in group_data/all.py."
    )
    return "\n\n".join(parts)


def together(found: Iterable[tuple[str, WrongSetting]]) -> list[WrongSetting]:
    """Faults as (host, fault), each told once with the hosts that it is about."""
    hosts: dict[WrongSetting, list[str]] = {}
    for host, wrong in found:
        hosts.setdefault(wrong, []).append(host)
    return [replace(one, hosts=tuple(names)) for one, names in hosts.items()]
