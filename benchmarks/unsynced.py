"""The service as it must never be: it promises before the disk has anything. To compare with."""

import os
from unittest.mock import patch

from analytics.app import create_app
from flask import Flask


def app() -> Flask:
    """What gunicorn serves."""
    for name in ("fdatasync", "fsync"):
        patch.object(os, name, lambda _descriptor: None).start()
    return create_app()
