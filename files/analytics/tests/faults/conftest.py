"""The lab, and the table of what was promised and what is stored, printed at the end."""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from analytics.dev import postgres
from faults.lab import DURABLE, Database, Lab
from faults.wire import Wire

_RESULT = "fault"
MakeLab = Callable[..., Lab]


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """A PostgreSQL that syncs, and may be killed."""
    with postgres.cluster(*DURABLE) as cluster:
        made = Database(cluster)
        yield made
        made.stop()


@pytest.fixture
def seed() -> int:
    """Of all that is random in a test; printed when it fails."""
    made = time.time_ns()
    print(f"seed {made}")
    return made


@pytest.fixture
def lab(database: Database, seed: int) -> Iterator[Lab]:
    """Everything at work."""
    # Not pytest's own folder: a socket's path may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="fault-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        (folder / "wire").mkdir()
        wire = stack.enter_context(Wire(folder / "wire", database.folder).up())
        made = Lab(folder, database, wire, random.Random(seed), stack)  # noqa: S311 - moments
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
    for passed, told in rows:
        fault, promised, stored = told[_RESULT]
        sign = "ok" if passed else "FAILED"
        terminalreporter.write_line(f"{sign:7}{promised:>6,} {stored:>6,}  {fault}")
    good = sum(passed for passed, _ in rows)
    terminalreporter.write_line(f"{good} of {len(rows)} faults: promised = stored, each once")
