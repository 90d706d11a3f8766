"""Whatever dies, and when: what was promised is stored, once. The faults are in table.py."""

from collections.abc import Callable

import pytest
from faults.lab import Lab
from faults.table import KILLS, Fault


@pytest.mark.parametrize("fault", KILLS, ids=lambda fault: f"{fault.what}, {fault.when}")
def test_kills(fault: Fault, lab: Lab, record_property: Callable[[str, object], None]) -> None:
    with lab.crowd.sending():
        lab.crowd.wait(20)
        fault.strike(lab)
        lab.crowd.wait(20)
    lab.settle()
    stored = lab.stored()
    promised = lab.crowd.promised
    kept = sum(stored[path] for path in promised)
    record_property("fault", (f"{fault.what}, {fault.when}", len(promised), kept))
    assert lab.crowd.wrong == []
    assert {path for path, times in stored.items() if times > 1} == set()
    assert promised - stored.keys() == set()
    assert stored.keys() - promised <= lab.crowd.unanswered
    events = stored.total()
    assert lab.number("SELECT sum(page_views) FROM visits") == events
    assert lab.number("SELECT sum(page_views) FROM daily WHERE dimension = 1") == events
