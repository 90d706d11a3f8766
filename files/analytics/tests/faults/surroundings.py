"""What goes wrong around the processes: disk, memory, clock, and the spool's own bytes. Each is
called while events are sent, and ends when it is over, or mended.
"""

import time
from itertools import pairwise
from pathlib import Path

from analytics.spool import aside
from analytics.spool import reader as segments
from analytics.spool.framing import encode, scan
from analytics.spool.record import Record, decode
from faults.crowd import wait_until
from faults.lab import Lab, stores_something
from faults.memory import limited
from faults.processes import lives

_MB = 1024 * 1024


def disk_nearly_full(lab: Lab) -> None:
    """The spool leaves the database what that needs to take in all that was promised."""
    assert lab.disk
    stores_something(lab)
    lab.disk.fill(leave=200 * _MB)
    lab.crowd.wait_refused()
    promised = len(lab.crowd.promised)
    wait_until(lambda: lab.stored().total() >= promised)
    lab.execute("CREATE TABLE more AS SELECT repeat('x', 100) FROM generate_series(1, 100000)")
    lab.crowd.wait_refused()
    assert len(lab.crowd.promised) == promised
    lab.disk.tidy()


def disk_full(lab: Lab) -> None:
    """Something else has taken all of it."""
    assert lab.disk
    stores_something(lab)
    lab.disk.fill(leave=0)
    lab.crowd.wait_refused()
    lab.moment()
    lab.disk.tidy()
    # Without room for its log PostgreSQL ends, and Docker starts it.
    lab.database.start()


def power(lab: Lab) -> None:
    assert lab.disk
    lab.moment()
    lab.disk.lose_power()
    lab.web.kill()
    lab.worker.kill()
    lab.database.kill()
    lab.disk.get_power()
    lab.database.start()
    lab.worker.start()
    lab.web.start()


def web_out_of_memory(lab: Lab) -> None:
    lab.moment()
    with limited(f"web-{lab.web.pid}") as memory:
        before = lab.web.pids()
        memory.use_up(before)
        wait_until(lambda: not all(map(lives, before)))
        memory.lift()
        if not lives(lab.web.pid):
            lab.web.kill()
            lab.web.start()
        lab.crowd.wait(20)


def worker_out_of_memory(lab: Lab) -> None:
    for _ in range(2):
        stores_something(lab)
        lab.moment(0.2)
        with limited(f"worker-{lab.worker.pid}") as memory:
            memory.use_up([lab.worker.pid])
            wait_until(lambda: not lives(lab.worker.pid))
            lab.worker.kill()
            lab.worker.start()


def clock_back(lab: Lab) -> None:
    _set(lab, "-1d")


def clock_forward(lab: Lab) -> None:
    _set(lab, "+1d")


def clock_forward_and_back(lab: Lab) -> None:
    _set(lab, "+1d")
    # It may be that nobody was running meanwhile.
    lab.worker.kill()
    lab.worker.start()
    _set(lab, "+0")


def torn_record(lab: Lab) -> None:
    last = _last_segment(lab)
    now = round(time.time() * 1000)
    torn = encode(b'{"time":%d,"site":"blog.test","name":"pageview","path":"/torn"}' % now)
    with last.open("ab") as file:
        file.write(torn[: lab.chance.randrange(1, len(torn))])
    _start(lab)
    wait_until(lambda: "the last record was cut off" in lab.worker.log.read_text())
    assert aside.damaged(lab.spool) == []


def damaged_middle(lab: Lab) -> None:
    """Some bytes of a segment are others."""
    last = _last_segment(lab)
    data = bytearray(last.read_bytes())
    whole = scan(bytes(data), final=True)
    borders = [0]
    for payload in whole.payloads:
        borders.append(borders[-1] + len(encode(payload)))
    size = lab.chance.randrange(1, 600)
    start = lab.chance.randrange(borders[2], borders[-3] - size)
    for place in range(start, start + size):
        data[place] ^= 0x55
    last.write_bytes(data)
    hit = [begin < start + size and start < end for begin, end in pairwise(borders)]
    lab.aside = {_path(one) for one, is_hit in zip(whole.payloads, hit, strict=True) if is_hit}
    _start(lab)
    wait_until(lambda: aside.damaged(lab.spool))
    kept = b"".join(path.read_bytes() for path in aside.damaged(lab.spool))
    assert len(kept) == sum(
        len(encode(one)) for one, is_hit in zip(whole.payloads, hit, strict=True) if is_hit
    )
    wait_until(lambda: "are damaged and were set aside" in lab.worker.log.read_text())


def _set(lab: Lab, by: str) -> None:
    assert lab.clock
    lab.moment()
    lab.clock.set(by)
    lab.crowd.wait(50)
    stores_something(lab)


def _last_segment(lab: Lab) -> Path:
    """Of a web process that was killed, when the worker has not read it yet."""
    lab.worker.kill()
    lab.crowd.wait(50)
    lab.web.kill()
    return segments.segments(lab.spool)[-1].path


def _start(lab: Lab) -> None:
    lab.worker.start()
    lab.web.start()


def _path(payload: bytes) -> str:
    record = decode(payload)
    assert isinstance(record, Record)
    return record.path
