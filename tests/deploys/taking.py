"""Takes events as the webapp does: `taking.py FOLDER NUMBER…`; each is on the disk when it is said.

A `-` among the numbers waits for a line of input, with the segment still open.
"""

import sys
import time
from pathlib import Path

from analytics.spool.record import Record, encode
from analytics.spool.writer import Spool

FOLDER, *NUMBERS = sys.argv[1:]
NOW = round(time.time() * 1000)

spool = Spool(Path(FOLDER))
for number in NUMBERS:
    if number == "-":
        print("waiting", flush=True)
        sys.stdin.readline()
        continue
    record = Record(
        time=NOW,
        site="blog.test",
        hostname="blog.test",
        name="pageview",
        path=f"/{number}",
        visitor=int(number) % 50 + 1,
        country="NL",
    )
    spool.append(encode(record))
print("taken", flush=True)
spool.close()
