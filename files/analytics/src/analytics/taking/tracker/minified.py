"""The tracker made small. Run as a script, it keeps the result: the image's build does so.

As the service starts, the minifier would leave 5 MB of itself in the container's memory.
"""

import subprocess
import sys
from pathlib import Path

_SOURCE = Path(__file__).with_name("script.js")
_BUILT = Path(__file__).with_name("script.min.js")
_MINIFY = "import minify, sys; print(minify.string('text/javascript', sys.stdin.read()), end='')"


def script() -> str:
    """The script as readers get it: the image's, or made now where there is only the source."""
    return _BUILT.read_text(encoding="utf-8") if _BUILT.exists() else _minified()


def _minified() -> str:
    """The same script without comments and white space, and with short names.

    In a process of its own, since the minifier is written in Go: its threads would stay in ours,
    and gunicorn forks. https://github.com/tdewolff/minify/tree/master/bindings/py
    """
    source = _SOURCE.read_text(encoding="utf-8")
    command = [sys.executable, "-I", "-c", _MINIFY]
    done = subprocess.run(command, input=source, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    _BUILT.write_text(_minified(), encoding="utf-8")
