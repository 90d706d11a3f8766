"""Where a run puts together what it sends."""

import atexit
import shutil
import tempfile
from pathlib import Path


def staging() -> Path:
    """A new empty folder that ends with this run.

    Each host of each run has its own: two may be at work at once, and differ.
    """
    folder = Path(tempfile.mkdtemp(prefix="freehold-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
