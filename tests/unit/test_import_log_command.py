"""`make import-log`: what reaches the host, and what is said of files that can't be read."""

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commands import import_log
from commands.hosts import Host
from tests.waiting import wait_until

LINE = '8.8.8.8 - - [25/Nov/2026:00:43:{:02} +0000] "GET / HTTP/1.1" 200 1 "-" "-"\n'

# As the command itself, but for the host.
# Whoever runs the tests may have begun with nohup.
ENDLESS = """
import signal
import sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from commands import import_log
from commands.hosts import Host
import_log.only_host = lambda _: Host("203.0.113.7", [], {})
Host.ssh = lambda *_: ["sh", "-c", "touch begun; sleep 60"]
sys.exit(import_log.main())
"""


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit code, and what a host would have been sent."""
    got = folder / "got"

    def ssh(_: Host, *command: str) -> list[str]:
        assert command[-1] == "-"
        return ["sh", "-c", f"cat > {got}", "ssh"]

    monkeypatch.setattr(import_log, "only_host", lambda _: Host("203.0.113.7", [], {}))
    monkeypatch.setattr(Host, "ssh", ssh)
    monkeypatch.setattr(import_log, "clear_away_when_ended", lambda: None)
    # sh takes -C for an option of its own that does no harm.
    monkeypatch.setattr(sys, "argv", ["import_log", *arguments])
    code = import_log.main()
    return code, got.read_text() if got.exists() else ""


def test_the_lines_of_all_files_arrive_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text(LINE.format(9) + LINE.format(2).rstrip())
    (tmp_path / "b.gz").write_bytes(gzip.compress(LINE.format(5).encode()))
    code, sent = run(monkeypatch, tmp_path, str(tmp_path / "a"), str(tmp_path / "b.gz"))
    assert code == 0
    assert sent == "".join(map(LINE.format, (2, 5, 9)))


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (gzip.compress(b"x" * 99, mtime=0)[:-9], "cut off")],
)
def test_a_file_that_can_not_be_read_is_told_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    said: str,
) -> None:
    path = tmp_path / "log"
    if content:
        path.write_bytes(content)
    assert run(monkeypatch, tmp_path, str(path)) == (1, "")
    assert said in capsys.readouterr().err


def test_a_host_that_ends_early_is_no_traceback(tmp_path: Path) -> None:
    assert import_log.send(["sh", "-c", "exit 3"], [b"x" * 100_000] * 50) == 3


@pytest.mark.integration
def test_a_closed_terminal_leaves_no_lines_behind(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LINE.format(9))
    folder = tmp_path / "temporary"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, "log"],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    ) as running:
        try:
            wait_until((tmp_path / "begun").exists, 60)
            assert list(folder.glob("import-log-*/*.gz"))
            for _ in range(2):
                os.killpg(running.pid, signal.SIGHUP)
            assert running.wait(60) > 0
        finally:
            running.kill()
    assert list(folder.iterdir()) == []
