"""What a tool has found."""

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that a tool is not content with; `id` is the same in each run."""

    id: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """What one run of a tool came to.

    `headline` is the tool's own judgement in a few words. `not_judged` says why there is none,
    when that is neither the host's fault nor ours. `notes` are worth knowing and no fault.
    """

    version: str
    command: str
    headline: str
    findings: list[Finding] = field(default_factory=list)
    not_judged: str = ""
    notes: list[str] = field(default_factory=list)


class AuditError(Exception):
    """A tool that could not do its work, in words for a person."""
