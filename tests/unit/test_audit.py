"""What `make audit` makes of findings: which have a reason, and what is written of them."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from audit import __main__ as audit
from audit import accepted, report
from audit.accepted import Accepted, compare
from audit.finding import AuditError, Finding, Outcome
from audit.target import Target
from audit.tools import TOOLS, Tool

CURVE = Finding("kex curve25519-sha256", "not post-quantum")
OLD = Finding("mac hmac-sha1", "weak | <old>")
REASON = Accepted("kex curve25519*", "paramiko knows no other")


def test_a_finding_has_a_reason_or_none() -> None:
    compared = compare([OLD, CURVE, CURVE], [REASON])

    assert compared.unexplained == [OLD]
    assert compared.explained == [(CURVE, REASON)]
    assert compared.stale == []


def test_a_reason_without_a_finding_is_told() -> None:
    assert compare([], [REASON]).stale == [REASON]


def test_the_reasons_of_the_project_are_whole_and_of_tools_that_there_are() -> None:
    reasons = accepted.read(accepted.FILE.read_text())

    assert reasons
    assert accepted.unknown_tools(reasons, (tool.name for tool in TOOLS)) == []


@pytest.mark.parametrize(
    "entry",
    [
        'id = "x"',
        'id = "x"\nwhy = " "',
        'id = "x"\nwhy = "y"\nuntil = "z"',
        'id = "x"\nwhy = "y"\nemulated = "no"',
    ],
)
def test_an_entry_that_says_too_little_or_too_much_is_refused(entry: str) -> None:
    with pytest.raises(AuditError, match="an entry of lynis needs an id and a why"):
        accepted.read(f"[[lynis]]\n{entry}\n")


def test_a_reason_may_be_the_emulated_droplets_alone() -> None:
    text = 'id = "{}"\nwhy = "its authority"\nemulated = true\n[[lynis]]\nid = "b"\nwhy = "all"\n'
    (reasons,) = accepted.read(f"[[lynis]]\n{text.format('a')}").values()

    assert [one.id for one in accepted.of(reasons, emulated=True)] == ["a", "b"]
    assert [one.id for one in accepted.of(reasons, emulated=False)] == ["b"]


def _written(folder: Path, outcome: Outcome, reasons: list[Accepted]) -> tuple[report.Row, str]:
    row = report.Row("ssh-audit", "SSH", folder / "ssh-audit.md")
    compared = compare(outcome.findings, reasons)
    text = report.page(row, outcome, compared, host="a-host", day=date(2026, 11, 26), seconds=6.4)
    row.file.write_text(text)
    return row, text


def test_a_page_shows_each_finding_with_its_reason(tmp_path: Path) -> None:
    _, text = _written(tmp_path, Outcome("3.9", "ssh-audit HOST", "SSH 10", [CURVE, OLD]), [REASON])

    assert "- Date: 2026-11-26\n" in text
    assert "- Result: SSH 10; **1 finding not explained**; 1 finding explained\n" in text
    assert "| kex curve25519-sha256 | not post-quantum | paramiko knows no other |" in text
    assert "| mac hmac-sha1 | weak \\| &lt;old> | **not explained** |" in text


def test_many_findings_of_one_reason_are_one_line(tmp_path: Path) -> None:
    found = [Finding(f"S603 file{number}.py", "a process") for number in range(20)]

    _, text = _written(tmp_path, Outcome("1", "ruff", "", found), [Accepted("S603 *", "ours")])

    assert text.count("| ours |") == 1
    assert "20 times" in text


def test_the_table_names_what_was_found_and_links_to_it(tmp_path: Path) -> None:
    row, _ = _written(tmp_path, Outcome("3.9", "ssh-audit HOST", "", []), [])
    document = tmp_path / "README.md"
    document.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    never_run = report.Row("nmap", "ports", tmp_path / "nmap.md")

    report.put_table(document, report.table([row, never_run], beside=tmp_path))

    assert document.read_text() == (
        f"before\n{report.BEGIN}\n| tool | looks at | result |\n|---|---|---|\n"
        f"| [ssh-audit](ssh-audit.md) 3.9 | SSH | no finding |\n{report.END}\nafter\n"
    )


def test_what_could_not_be_judged_is_not_called_clean() -> None:
    outcome = Outcome("2", "pip-audit", "", [], not_judged="no service answered")

    assert report.summary(outcome, compare([], [])) == "**not judged**: no service answered"


def _fails(_: Target) -> Outcome:
    raise AuditError("It is not there.")


def test_a_tool_that_could_not_judge_is_named_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = cast("Target", SimpleNamespace(name="a-host"))
    outcome = Outcome("2", "pip-audit", "", [], not_judged="no service answered")
    silent = audit._judge(Tool("pip-audit", "weaknesses", lambda _: outcome), target, [], tmp_path)
    broken = audit._judge(Tool("nmap", "ports", _fails), target, [], tmp_path)
    fine = audit._judge(
        Tool("yamllint", "YAML", lambda _: Outcome("1", "y", "")), target, [], tmp_path
    )
    capsys.readouterr()

    assert [one.clean for one in (silent, broken, fine)] == [True, False, True]
    assert audit._silent([silent, broken, fine]) == [
        "Not judged by pip-audit: no service answered",
        "Not judged by nmap: It is not there.",
    ]


def test_the_readme_has_a_place_for_the_table() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()

    assert text.count(report.BEGIN) == text.count(report.END) == 1
