"""What kills: processes, connections. Each is called while events are sent, and ends when it is
over, or mended.
"""

import signal
from collections.abc import Callable

from faults.crowd import wait_until
from faults.lab import Lab, stores_something
from faults.processes import lives, send_signal
from faults.wire import Moment

# Holds a transaction that stores events, for as long as somebody else has that lock: at its last
# statement, or in the commit itself.
_LOCK = 6
_HOLD = f"""
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({_LOCK}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER hold AFTER INSERT OR UPDATE ON positions
DEFERRABLE INITIALLY {{when}} FOR EACH ROW EXECUTE FUNCTION hold()
"""
_HELD = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'advisory' AND query LIKE '{query}'
"""
_WORKERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'analytics' AND datname = %s"


def web_worker(lab: Lab) -> None:
    for _ in range(3):
        lab.crowd.wait(10)
        lab.moment()
        lab.web.kill_child()


def web(lab: Lab) -> None:
    lab.moment()
    lab.web.kill()
    lab.web.start()


def web_master(lab: Lab) -> None:
    lab.moment()
    orphans = lab.web.pids()[1:]
    lab.web.kill_parent()
    lab.web.start()
    wait_until(lambda: not any(map(lives, orphans)))


def web_stopped(lab: Lab) -> None:
    lab.moment()
    assert lab.web.end() == 0
    lab.web.start()


def one_of_two_webs(lab: Lab) -> None:
    second = lab.add_web()
    for process in lab.chance.sample([lab.web, second], 2):
        wait_until(lambda: all(each.is_socket() for each in lab.crowd.sockets))
        lab.crowd.wait(20)
        lab.moment()
        process.kill()
        process.start()


def worker(lab: Lab) -> None:
    for _ in range(3):
        stores_something(lab)
        lab.moment(0.2)
        lab.worker.kill()
        lab.worker.start()


def worker_stopped(lab: Lab) -> None:
    for _ in range(2):
        stores_something(lab)
        lab.moment(0.2)
        assert lab.worker.end() == 0
        lab.worker.start()


def second_worker(lab: Lab) -> None:
    second = lab.add_worker()
    wait_until(lambda: "another worker is at work" in second.log.read_text())
    lab.moment()
    lab.worker.kill()
    stores_something(lab)
    lab.worker.start()


def worker_before_commit(lab: Lab) -> None:
    _in_a_transaction(lab, "IMMEDIATE", "INSERT INTO positions%", lab.worker.kill)


def worker_in_commit(lab: Lab) -> None:
    _in_a_transaction(lab, "DEFERRED", "COMMIT", lab.worker.kill)


def database_in_commit(lab: Lab) -> None:
    def strike() -> None:
        lab.database.kill()
        lab.database.start()

    _in_a_transaction(lab, "DEFERRED", "COMMIT", strike, restarts=False)


def commit_never_asked(lab: Lab) -> None:
    _cut(lab, "asked")


def commit_never_answered(lab: Lab) -> None:
    _cut(lab, "done")


def database(lab: Lab) -> None:
    lab.moment()
    lab.database.kill()
    lab.moment()
    lab.database.start()


def database_stopped(lab: Lab) -> None:
    lab.moment()
    lab.database.stop()
    lab.moment()
    lab.database.start()


def connection_of_the_worker(lab: Lab) -> None:
    """All of the server's other processes end with it, for they share memory."""
    for _ in range(2):
        stores_something(lab)
        lab.moment(0.2)
        for (pid,) in lab.execute(_WORKERS, lab.name):
            send_signal(int(str(pid)), signal.SIGKILL)


def database_away(lab: Lab) -> None:
    lab.database.stop()
    lab.crowd.wait(2000)
    lab.database.start()


def in_any_order(lab: Lab) -> None:
    kill: list[Callable[[Lab], None]] = [web, _worker_once, database, web_worker]
    for strike in lab.chance.sample(kill, len(kill)):
        strike(lab)


def all_at_once(lab: Lab) -> None:
    lab.moment()
    victims: list[Callable[[], None]] = [lab.web.kill, lab.worker.kill, lab.database.kill]
    for kill in lab.chance.sample(victims, 3):
        kill()
    for start in (lab.worker.start, lab.web.start, lab.database.start):
        start()


def _worker_once(lab: Lab) -> None:
    lab.moment()
    lab.worker.kill()
    lab.worker.start()


def _in_a_transaction(
    lab: Lab, when: str, query: str, strike: Callable[[], None], *, restarts: bool = True
) -> None:
    stores_something(lab)
    with lab.database.connect(lab.name) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        lab.execute(_HOLD.format(when=when))
        wait_until(lambda: lab.number(_HELD.format(query=query)) == 1)
        strike()
        if restarts:
            lab.worker.start()
            # PostgreSQL has yet to learn that the other one is gone.
            wait_until(lambda: "another worker is at work" in lab.worker.log.read_text())
    lab.execute("DROP TRIGGER hold ON positions")


def _cut(lab: Lab, moment: Moment) -> None:
    for number in range(1, 4):
        lab.wire.cut_at_commit(moment)
        wait_until(lambda number=number: lab.wire.cuts == number)  # type: ignore[misc]
