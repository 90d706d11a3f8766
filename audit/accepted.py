"""The findings that may stay, each with its reason, and what a run makes of them."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from audit.finding import AuditError, Finding

FILE = Path(__file__).with_name("accepted.toml")


@dataclass(frozen=True)
class Accepted:
    """`id` as the tool's module names the finding; `*` stands for any characters."""

    id: str
    why: str
    # A reason that is the emulated droplet's own, and passes over nothing of another host.
    emulated: bool = False


@dataclass(frozen=True)
class Compared:
    """A tool's findings, told apart."""

    unexplained: list[Finding] = field(default_factory=list)
    explained: list[tuple[Finding, Accepted]] = field(default_factory=list)
    # Reasons for what no longer occurs.
    stale: list[Accepted] = field(default_factory=list)


def read(text: str) -> dict[str, list[Accepted]]:
    """The accepted findings by tool; raises AuditError for an entry that says too little."""
    accepted: dict[str, list[Accepted]] = {}
    for tool, entries in tomllib.loads(text).items():
        accepted[tool] = []
        for entry in entries:
            if not _says_enough(entry):
                raise AuditError(
                    f"audit/accepted.toml: an entry of {tool} needs an id and a why,"
                    f" and nothing else but perhaps emulated = true: {entry}"
                )
            accepted[tool].append(Accepted(**entry))
    return accepted


def _says_enough(entry: Mapping[str, object]) -> bool:
    texts = {"id", "why"}
    return (
        texts <= set(entry) <= {*texts, "emulated"}
        and all(str(entry[name]).strip() for name in texts)
        and isinstance(entry.get("emulated", False), bool)
    )


def of(reasons: Iterable[Accepted], *, emulated: bool) -> list[Accepted]:
    """Those that count for a host."""
    return [one for one in reasons if emulated or not one.emulated]


def compare(findings: Iterable[Finding], accepted: Sequence[Accepted]) -> Compared:
    """Which findings have a reason, which have none, and which reasons have no finding."""
    compared, used = Compared(), set()
    for finding in sorted(set(findings)):
        reason = next((one for one in accepted if fnmatchcase(finding.id, one.id)), None)
        if reason is None:
            compared.unexplained.append(finding)
        else:
            used.add(reason)
            compared.explained.append((finding, reason))
    compared.stale.extend(one for one in accepted if one not in used)
    return compared


def unknown_tools(accepted: Mapping[str, object], tools: Iterable[str]) -> list[str]:
    """The names in the file that no tool has."""
    return sorted(set(accepted) - set(tools))
