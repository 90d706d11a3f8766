"""How pyinfra itself behaves here; it reads this file at each start."""

import logging

import gevent
from pyinfra import config
from pyinfra.api.exceptions import PyinfraError

from deploys.advice import advise
from deploys.interrupt import fail_when_interrupted

config.REQUIRE_PYINFRA_VERSION = ">=3.10,<4"
# A host that fails stops the run for all: half a deploy is nobody's wish.
config.FAIL_PERCENT = 0
config.CONNECT_TIMEOUT = 20

# What it prints in its own thread is a traceback of what pyinfra says in a sentence.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)
# The same of a host that fails while pyinfra reads it: the error is told in words.
# https://www.gevent.org/api/gevent.hub.html#gevent.hub.Hub.NOT_ERROR
hub = gevent.get_hub()
hub.NOT_ERROR = (*hub.NOT_ERROR, PyinfraError)

advise()
fail_when_interrupted()
