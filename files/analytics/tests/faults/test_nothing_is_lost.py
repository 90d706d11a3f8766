"""Whatever goes wrong, and when: what was promised is stored, once. The faults are in table.py."""

from collections.abc import Callable

import pytest
from faults.lab import Lab
from faults.table import FAULTS, Fault


def _named(fault: Fault) -> str:
    return f"{fault.what}, {fault.when}"


@pytest.mark.parametrize("fault", FAULTS, ids=_named, indirect=True)
def test_what_was_promised_is_stored_once(
    fault: Fault, lab: Lab, record_property: Callable[[str, object], None]
) -> None:
    # So that the table has it, whatever happens.
    record_property("fault", (_named(fault), 0, 0, 0))
    with lab.crowd.sending():
        lab.crowd.wait(20)
        fault.strike(lab)
        lab.crowd.wait(20)
    lab.settle()
    stored, promised = lab.stored(), lab.crowd.promised
    kept = sum(stored[path] for path in promised)
    record_property("fault", (_named(fault), len(promised), kept, len(lab.aside)))
    assert lab.crowd.wrong == []
    assert {path for path, times in stored.items() if times > 1} == set(), "stored twice"
    assert promised - stored.keys() == lab.aside & promised, "lost"
    assert stored.keys() - promised <= lab.crowd.unanswered, "stored, and refused"
    events = stored.total()
    assert lab.number("SELECT sum(page_views) FROM visits") == events
    assert lab.number("SELECT sum(page_views) FROM daily WHERE dimension = 1") == events
