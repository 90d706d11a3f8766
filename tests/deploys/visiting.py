"""Visitors with addresses, as nginx tells the webapp of them: `visiting.py SPOOL KEYS ADDRESS…`."""

import os
import sys
from pathlib import Path

from analytics.app import create_app
from analytics.config import Settings

SPOOL, KEYS, *ADDRESSES = sys.argv[1:]
Path(KEYS).mkdir(parents=True, exist_ok=True)

app = create_app(
    Settings.from_environment(
        {
            "ANALYTICS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "ANALYTICS_SITES": "blog.test",
            "ANALYTICS_SPOOL": SPOOL,
            "ANALYTICS_VISITORS": KEYS,
        }
    )
)
client = app.test_client()
for address in ADDRESSES:
    answer = client.post(
        "/api/event",
        json={"name": "pageview", "url": "https://blog.test/seen", "domain": "blog.test"},
        headers={
            "Origin": "https://blog.test",
            "User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
            "X-Real-IP": address,
            "X-Forwarded-For": address,
        },
    )
    assert answer.status_code == 202, answer.text
app.extensions["intake"].close()
os._exit(0)
