"""The faults: what is done, when, and what must hold, beside what holds for each of them.

That is: what was promised (202) is in the database, once; what was sent and not answered is there
at most once; nothing else is; visits and daily sums count the same; and after the fault events are
promised again, without a person.
"""

from collections.abc import Callable
from dataclasses import dataclass

from faults import strikes
from faults.lab import Lab


@dataclass(frozen=True)
class Fault:
    """A row."""

    what: str
    when: str
    strike: Callable[[Lab], None]
    holds: str = ""


KILLS = [
    Fault("kill -9 the web worker", "three times, at any moment", strikes.web_worker),
    Fault("kill -9 the web process whole", "at any moment", strikes.web),
    Fault(
        "kill -9 gunicorn's master",
        "at any moment",
        strikes.web_master,
        "its orphan and the new one write at once",
    ),
    Fault("stop the web process", "in a stream of events", strikes.web_stopped, "it exits with 0"),
    Fault(
        "kill -9 both of two web processes",
        "while both write, as in a redeploy",
        strikes.one_of_two_webs,
        "each has segments of its own",
    ),
    Fault("kill -9 the worker", "three times, right after it stored some", strikes.worker),
    Fault("stop the worker", "twice, at work", strikes.worker_stopped, "it exits with 0"),
    Fault(
        "start a second worker, kill -9 the first",
        "at any moment",
        strikes.second_worker,
        "the second waits, then works",
    ),
    Fault(
        "kill -9 the worker",
        "at the last statement before its COMMIT",
        strikes.worker_before_commit,
        "nothing of that batch was stored",
    ),
    Fault(
        "kill -9 the worker",
        "when the server is in its COMMIT",
        strikes.worker_in_commit,
        "the next one waits for the end of that commit",
    ),
    Fault("kill -9 PostgreSQL", "in a COMMIT", strikes.database_in_commit),
    Fault(
        "cut the worker's connection",
        "three times, before its COMMIT arrives",
        strikes.commit_never_asked,
    ),
    Fault(
        "cut the worker's connection",
        "three times, after the COMMIT, before the answer",
        strikes.commit_never_answered,
        "what was committed is not stored again",
    ),
    Fault("kill -9 PostgreSQL", "at any moment", strikes.database),
    Fault("stop PostgreSQL (immediate)", "at any moment", strikes.database_stopped),
    Fault(
        "kill -9 the worker's PostgreSQL process",
        "twice, right after it stored some",
        strikes.connection_of_the_worker,
    ),
    Fault("PostgreSQL away", "while 2,000 events come", strikes.database_away),
    Fault("kill -9 web, worker, PostgreSQL", "in any order", strikes.in_any_order),
    Fault("kill -9 web, worker, PostgreSQL", "at once", strikes.all_at_once),
]
