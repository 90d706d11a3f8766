"""The faults: what is done, when, and what must hold, beside what holds for each of them.

That is: what was promised (202) is in the database, once; what was sent and not answered is there
at most once; nothing else is; visits and daily sums count the same; and after the fault events are
promised again, without a person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from faults import kills, surroundings
from faults.lab import Lab


@dataclass(frozen=True)
class Fault:
    """A row."""

    what: str
    when: str
    strike: Callable[[Lab], None]
    holds: str = ""
    needs: Literal["a disk", "a clock", "a limit", ""] = ""


FAULTS = [
    Fault("kill -9 the web worker", "three times, at any moment", kills.web_worker),
    Fault("kill -9 the web process whole", "at any moment", kills.web),
    Fault(
        "kill -9 gunicorn's master",
        "at any moment",
        kills.web_master,
        "its orphan ends by itself",
    ),
    Fault("stop the web process", "in a stream of events", kills.web_stopped, "it exits with 0"),
    Fault(
        "kill -9 both of two web processes",
        "while both write, as in a redeploy",
        kills.one_of_two_webs,
        "each has segments of its own",
    ),
    Fault("kill -9 the worker", "three times, right after it stored some", kills.worker),
    Fault("stop the worker", "twice, at work", kills.worker_stopped, "it exits with 0"),
    Fault(
        "start a second worker, kill -9 the first",
        "at any moment",
        kills.second_worker,
        "the second waits, then works",
    ),
    Fault(
        "kill -9 the worker",
        "at the last statement before its COMMIT",
        kills.worker_before_commit,
        "nothing of that batch was stored",
    ),
    Fault(
        "kill -9 the worker",
        "when the server is in its COMMIT",
        kills.worker_in_commit,
        "the next one waits for the end of that commit",
    ),
    Fault("kill -9 PostgreSQL", "in a COMMIT", kills.database_in_commit),
    Fault(
        "cut the worker's connection",
        "three times, before its COMMIT arrives",
        kills.commit_never_asked,
    ),
    Fault(
        "cut the worker's connection",
        "three times, after the COMMIT, before the answer",
        kills.commit_never_answered,
        "what was committed is not stored again",
    ),
    Fault("kill -9 PostgreSQL", "at any moment", kills.database),
    Fault("stop PostgreSQL (immediate)", "at any moment", kills.database_stopped),
    Fault(
        "kill -9 the worker's PostgreSQL process",
        "twice, right after it stored some",
        kills.connection_of_the_worker,
    ),
    Fault("PostgreSQL away", "while 2,000 events come", kills.database_away),
    Fault("kill -9 web, worker, PostgreSQL", "in any order", kills.in_any_order),
    Fault("kill -9 web, worker, PostgreSQL", "at once", kills.all_at_once),
    Fault(
        "out of memory: the kernel kills a web process",
        "in a stream of events",
        surroundings.web_out_of_memory,
        needs="a limit",
    ),
    Fault(
        "out of memory: the kernel kills the worker",
        "twice, right after it stored some",
        surroundings.worker_out_of_memory,
        needs="a limit",
    ),
    Fault(
        "pull the plug: the disk forgets what was not synced",
        "at any moment",
        surroundings.power,
        "a 202 was synced before",
        needs="a disk",
    ),
    Fault(
        "fill the disk, but for 200 MB",
        "in a stream of events",
        surroundings.disk_nearly_full,
        "503 with Retry-After; the database stores what was promised, and more",
        needs="a disk",
    ),
    Fault(
        "fill the disk to the last byte",
        "in a stream of events",
        surroundings.disk_full,
        "503 with Retry-After",
        needs="a disk",
    ),
    Fault(
        "a last record without its end",
        "in the segment of a web process that was killed",
        surroundings.torn_record,
        "it was promised to nobody: no damage is reported",
    ),
    Fault(
        "some bytes of a segment are others",
        "anywhere in its middle",
        surroundings.damaged_middle,
        "only their records are missing; they are set aside and reported",
    ),
    Fault(
        "set the clock back by a day",
        "in a stream of events",
        surroundings.clock_back,
        needs="a clock",
    ),
    Fault(
        "set the clock forward by a day",
        "in a stream of events",
        surroundings.clock_forward,
        needs="a clock",
    ),
    Fault(
        "set the clock forward by a day, and back",
        "kill -9 the worker in between",
        surroundings.clock_forward_and_back,
        needs="a clock",
    ),
]
