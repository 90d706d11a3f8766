"""The documents: their links lead somewhere, their tables are whole, their commands exist."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
DOCUMENTS = [
    str(path.relative_to(PROJECT))
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/**/*.md", "files/analytics/*.md")
    for path in sorted(PROJECT.glob(pattern))
]


def _prose(path: Path) -> str:
    return FENCED.sub("", path.read_text())


def _anchors(path: Path) -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", _prose(path), re.MULTILINE)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", each).lower().strip() for each in headings)
    return {re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in plain}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_within_the_project_leads_somewhere(name: str) -> None:
    document = PROJECT / name
    links = re.findall(r"\]\(([^)\s]+)\)", _prose(document))
    for link in links:
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_row_of_a_table_has_the_cells_of_its_head(name: str) -> None:
    cells = 0
    for line in _prose(PROJECT / name).splitlines():
        found = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (cells and found) or found == cells, line
        cells = found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_command_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    commands = re.findall(r"`make ([a-z][a-z-]*)", (PROJECT / name).read_text())
    assert set(commands) <= targets
