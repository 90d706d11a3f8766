"""Our files are asked for once, for as long as no operation changes anything."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest

from operations import known_files as module
from operations.known_files import known_files, others_may_change

PROGRAM = "/usr/local/sbin/freehold-status"
UNIT = "/etc/systemd/system/freehold-status.service"
ELSEWHERE = "/etc/issue"


class _Host:
    """Stands for pyinfra's current host, and counts what it is asked."""

    name = "server"

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []
        self.files = {PROGRAM: "755 root:root 1", UNIT: "644 root:root 2", ELSEWHERE: "644 a:a 3"}

    def get_fact(
        self, _: type, paths: Sequence[str], folders: Sequence[str] = ()
    ) -> dict[str, str]:
        self.asked.append(paths)
        return {
            path: entry
            for path, entry in self.files.items()
            if path.startswith(tuple(paths)) or path in folders
        }


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> _Host:
    host = _Host()
    monkeypatch.setattr(module, "host", host)
    monkeypatch.setattr(module, "_known", {})
    return host


@pytest.fixture
def ran(host: _Host, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has one more operation run a command."""
    ops: dict[int, SimpleNamespace] = {}

    def one_more(executed: bool = True) -> None:
        ops[len(ops)] = SimpleNamespace(operation_meta=SimpleNamespace(executed=executed))

    one_more(executed=False)
    monkeypatch.setattr(module, "state", SimpleNamespace(ops={host: ops}, current_stage="execute"))
    return one_more


def test_ours_are_asked_for_once(host: _Host, ran: Callable[[], None]) -> None:
    assert known_files([PROGRAM]) == {PROGRAM: "755 root:root 1"}
    assert known_files([UNIT]) == {UNIT: "644 root:root 2"}
    assert known_files(["/etc/freehold/nginx"]) == {}
    assert len(host.asked) == 1


def test_of_a_folder_each_file_is_told(host: _Host, ran: Callable[[], None]) -> None:
    assert known_files(["/etc/systemd/system"]) == {UNIT: "644 root:root 2"}
    # Not one whose name only begins alike.
    assert known_files(["/usr/local/sbin/freehold"]) == {}


def test_after_a_change_they_are_asked_for_again(host: _Host, ran: Callable[[], None]) -> None:
    known_files([PROGRAM])
    host.files[PROGRAM] = "755 root:root 4"
    ran()
    assert known_files([PROGRAM]) == {PROGRAM: "755 root:root 4"}
    known_files([UNIT])
    assert len(host.asked) == 2


def test_what_is_elsewhere_is_asked_for_by_itself(host: _Host, ran: Callable[[], None]) -> None:
    assert known_files([ELSEWHERE, UNIT]) == {
        ELSEWHERE: "644 a:a 3",
        UNIT: "644 root:root 2",
    }
    assert host.asked == [[ELSEWHERE, UNIT]]


@pytest.mark.parametrize("path", [PROGRAM, ELSEWHERE])
def test_the_folder_that_a_file_is_in_is_told(
    host: _Host, ran: Callable[[], None], path: str
) -> None:
    host.files |= {"/usr/local/sbin": "755 root:root /", "/etc": "755 root:root /"}
    host.files["/usr/local/sbin/others"] = "755 root:root 5"
    folder = path.rpartition("/")[0]
    assert known_files([path]) == {path: host.files[path], folder: "755 root:root /"}
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("entry", "may"),
    [
        ("755 root:root /", False),
        ("700 root:root /", False),
        ("2755 root:staff /", False),
        ("2775 root:staff /", True),
        ("777 root:root /", True),
        ("755 daemon:root /", True),
        # A link has all bits, and says nothing of what it leads to.
        ("777 root:root -", False),
    ],
)
def test_a_folder_that_others_may_change(entry: str, may: bool) -> None:
    assert others_may_change(entry) is may
