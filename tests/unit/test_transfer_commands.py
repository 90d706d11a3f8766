"""`make export` and `make import`: what reaches the host, and what is said when it can't."""

import io
import sys
import zipfile
from pathlib import Path

import pytest
from analytics.transfer import stream

from commands import exports, imports
from commands.hosts import Host


class Near(Host):
    """A host whose command is one of this machine: it keeps what it is sent."""

    def ssh(self, *command: str, terminal: bool = False) -> list[str]:
        said = " ".join(command)
        keep = "import sys; open('said', 'w').write(sys.argv[1])\n"
        if "export" in command:
            keep += "sys.stdout.buffer.write(open('given', 'rb').read())"
        else:
            keep += "open('sent', 'wb').write(sys.stdin.buffer.read())"
        return [sys.executable, "-c", keep, said]


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for module in (exports, imports):
        monkeypatch.setattr(module, "only_host", lambda _: Near("near", [], {}))


def run(main: object, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["command", *arguments])
    assert callable(main)
    code: int = main()
    return code


def zipped(**tables: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archived:
        for name, text in tables.items():
            archived.writestr(f"{name}.csv", text)
    return target.getvalue()


def test_an_export_is_named_with_its_site_and_days(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    about = "version,site,time_zone,events_since\n1,blog.test,UTC,2026-01-01\n"
    Path("given").write_bytes(zipped(freehold=about, imported_visitors_20250101_20260131="date\n"))
    assert run(exports.main, monkeypatch, "--site", "blog.test; rm") == 0
    assert "blog.test_20250101_20260131.zip" in capsys.readouterr().out
    assert Path("blog.test_20250101_20260131.zip").read_bytes() == Path("given").read_bytes()
    assert Path("said").read_text().endswith("export --site 'blog.test; rm'")
    assert not Path("export.zip.part").exists()


def test_an_export_that_broke_off_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    about = "version,site,time_zone,events_since\n1,blog.test,UTC,2026-01-01\n"
    whole = zipped(freehold=about, imported_visitors_20250101_20260131="date\n")
    Path("given").write_bytes(whole[: len(whole) // 2])
    assert run(exports.main, monkeypatch) == 1
    assert "Try again: make export" in capsys.readouterr().err
    assert not list(Path.cwd().glob("*zip*"))


@pytest.mark.parametrize(
    ("site", "table"),
    [
        ("../kept", "imported_visitors_20250101_20260131"),
        ("blog.test", "imported_visitors_x/../../kept_20250101_20260131"),
        ("blog.test", "imported_visitors_20250101_/../../kept"),
        (".blog.test", "imported_visitors_20250101_20260131"),
        ("blog.test", "imported_pages_20250101_20260131"),
    ],
)
def test_a_host_names_no_file_elsewhere(
    site: str,
    table: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    here = tmp_path / "here"
    (here / "blog.test_x").mkdir(parents=True)
    (here / "blog.test_20250101_").mkdir()
    monkeypatch.chdir(here)
    about = f"version,site,time_zone,events_since\n1,{site},UTC,2026-01-01\n"
    Path("given").write_bytes(zipped(freehold=about, **{table: "date\n"}))
    assert run(exports.main, monkeypatch) == 1
    assert "no site and its days" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.zip"))


def test_an_import_sends_the_tables_of_all_files(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a b.zip").write_bytes(zipped(imported_visitors="date\n1\n", imported_pages="date\n2\n"))
    Path("goat.csv").write_bytes(b"2Path\n")
    assert run(imports.main, monkeypatch, "a b.zip", "goat.csv") == 0
    assert Path("said").read_text().endswith("flask --app analytics import -")
    with Path("sent").open("rb") as sent:
        found = [(each.file, each.name, each.stream.read()) for each in stream.unpacked(sent)]
    assert found == [
        ("a b.zip", "imported_visitors.csv", b"date\n1\n"),
        ("a b.zip", "imported_pages.csv", b"date\n2\n"),
        ("goat.csv", "goat.csv", b"2Path\n"),
    ]


@pytest.mark.parametrize(
    ("files", "said"), [([], "Which files?"), (["none.zip"], "none.zip: it can't be read (No such")]
)
def test_what_is_missing_is_said_in_a_sentence(
    files: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(imports.main, monkeypatch, *files) == 1
    assert said in capsys.readouterr().err
