"""The results as files: one for each tool, and the table that names them all.

A tool's file is also what the table reads, so that a run of a single tool leaves the others' rows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from audit.accepted import Compared
from audit.finding import Outcome

BEGIN, END = "<!-- make audit writes from here -->", "<!-- to here -->"
MANY = 5
_FACT = re.compile(r"^- (?P<name>\w+): (?P<value>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """What the table says of a tool."""

    name: str
    asks: str
    file: Path


def file_name(tool: str) -> str:
    """Where a tool's results are: a name without spaces."""
    return tool.replace(" ", "-").lower() + ".md"


def _counted(number: int, words: str) -> str:
    return f"{number} finding{'' if number == 1 else 's'} {words}"


def summary(outcome: Outcome, compared: Compared) -> str:
    """The result in a line."""
    parts = [outcome.headline] if outcome.headline else []
    if outcome.not_judged:
        parts.append(f"**not judged**: {outcome.not_judged}")
    if compared.unexplained:
        parts.append(f"**{_counted(len(compared.unexplained), 'not explained')}**")
    if compared.explained:
        parts.append(_counted(len(compared.explained), "explained"))
    if not (outcome.not_judged or compared.unexplained or compared.explained):
        parts.append("no finding")
    return "; ".join(parts)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def page(
    row: Row, outcome: Outcome, compared: Compared, *, host: str, day: date, seconds: float
) -> str:
    """A tool's results for a reader."""
    lines = [
        f"# {row.name}",
        "",
        f"{row.asks[0].upper()}{row.asks[1:]}. Written by `make audit`.",
        "",
        f"- Version: {outcome.version}",
        f"- Date: {day.isoformat()}",
        f"- Host: {host}",
        f"- Command: `{outcome.command}`",
        f"- Time: {seconds:.0f} s",
        f"- Result: {summary(outcome, compared)}",
    ]
    if compared.unexplained or compared.explained:
        lines += ["", "| finding | what the tool says | why it stays |", "|---|---|---|"]
    for finding in compared.unexplained:
        lines.append(f"| {_cell(finding.id)} | {_cell(finding.text)} | **not explained** |")
    lines += [
        f"| {_cell(what)} | {_cell(text)} | {_cell(why)} |"
        for what, text, why in _explained(compared)
    ]
    if outcome.notes:
        lines += ["", *(f"- {note}" for note in outcome.notes)]
    return "\n".join(lines) + "\n"


def _explained(compared: Compared) -> Iterator[tuple[str, str, str]]:
    """A line for each finding, but for many with the same reason: these are one."""
    for reason in dict.fromkeys(reason for _, reason in compared.explained):
        same = [finding for finding, its in compared.explained if its == reason]
        if len(same) > MANY:
            yield reason.id, f"{len(same)} times; {same[0].text}", reason.why
        else:
            yield from ((finding.id, finding.text, reason.why) for finding in same)


def table(rows: Sequence[Row], *, beside: Path) -> str:
    """A line for each tool that has results; links lead from the folder `beside`."""
    lines = ["| tool | looks at | result |", "|---|---|---|"]
    for row in rows:
        if row.file.exists():
            facts = dict(_FACT.findall(row.file.read_text()))
            name = f"[{row.name}]({row.file.relative_to(beside)}) {facts['Version']}"
            lines.append(f"| {name} | {_cell(row.asks)} | {facts['Result']} |")
    return "\n".join(lines)


def put_table(document: Path, made: str) -> None:
    """Replace what stands between the two marks."""
    before, _, rest = document.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}")
