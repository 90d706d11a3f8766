"""The lab, and the table of what was promised and what is stored, printed at the end."""

import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from faults import memory
from faults.clock import Clock
from faults.database import Database, database_in
from faults.disk import mounted
from faults.lab import Lab
from faults.table import Fault
from faults.wire import Wire

_RESULT = "fault"
# The spool leaves 256 of them, the database begins with 50.
_DISK_MEGABYTES = 700


@pytest.fixture(scope="module")
def shared_database() -> Iterator[Database]:
    """For all tests that need none on a disk of its own."""
    with database_in() as made:
        yield made


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Fault:
    """A row of the table, if it can happen here."""
    row: Fault = request.param
    if row.needs in ("a disk", "a limit") and os.geteuid() != 0:
        pytest.skip("only root may")
    if row.needs == "a limit" and memory.controller() is None:
        pytest.skip("nobody may limit memory here")
    return row


@pytest.fixture
def lab(fault: Fault, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Everything at work, and what the fault needs."""
    seed = int(os.environ.get("FREEHOLD_SEED") or time.time_ns())
    print(f"To have the same moments again: FREEHOLD_SEED={seed}")
    # Not pytest's own folder: a socket's path may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="fault-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        # PostgreSQL runs as nobody if this is root.
        folder.chmod(0o711)
        disk = clock = None
        if fault.needs == "a disk":
            disk = stack.enter_context(mounted(folder, _DISK_MEGABYTES))
            database = stack.enter_context(database_in(disk.folder / "data"))
        else:
            database = request.getfixturevalue("shared_database")
        if fault.needs == "a clock":
            clock = Clock(folder)
        (folder / "wire").mkdir()
        wire = stack.enter_context(Wire(folder / "wire", database.folder).up())
        chance = random.Random(seed)  # noqa: S311 - moments, no secrets
        made = Lab(folder, database, wire, chance, stack, disk, clock)
        made.begin()
        yield made
        print(made.logs())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A row a fault."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call"
    ]
    rows = [(report.passed, dict(report.user_properties)) for report in reports]
    rows = [(passed, told) for passed, told in rows if _RESULT in told]
    if not rows:
        return
    terminalreporter.section("what was promised, and what is stored")
    terminalreporter.write_line(f"{'':7}{'promised':>8}{'stored':>8}  fault")
    for passed, told in rows:
        fault, promised, stored, aside = told[_RESULT]
        sign = "ok" if passed else "FAILED"
        more = f" ({aside} damaged, set aside)" if aside else ""
        terminalreporter.write_line(f"{sign:7}{promised:>8,}{stored:>8,}  {fault}{more}")
    good = sum(passed for passed, _ in rows)
    terminalreporter.write_line(f"{good} of {len(rows)}: promised = stored, each once")
