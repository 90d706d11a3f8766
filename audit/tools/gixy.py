"""gixy-ng: mistakes in nginx's configuration that can be used against it.

It reads the files that are in force on the host, not what the templates would make.
"""

import base64
import io
import json
import tarfile
import tempfile
from pathlib import Path

from audit.finding import Finding, Outcome
from audit.running import OURS, start, version_of
from audit.target import Target

LIVE = "/etc/freehold/nginx/live"


def findings(output: str) -> list[Finding]:
    """One for each rule and file."""
    return [
        Finding(
            f"{one['plugin']} {Path(one['file']).name}",
            f"{one['severity'].lower()}, line {one['line']}: {one['summary']}",
        )
        for one in json.loads(output)
    ]


def judged(folder: Path) -> list[Finding]:
    """What it says of a rendered configuration in `folder`."""
    main = folder / "nginx.conf"
    return findings(start([OURS / "gixy", "--format=json", main], codes=(0, 1)))


def run(target: Target) -> Outcome:
    """Fetch the configuration and judge it."""
    packed = target.ask(f"tar -C {LIVE}/ -c . | base64")
    with tempfile.TemporaryDirectory() as folder:
        content = base64.b64decode(packed)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(folder, filter="data")
        found = judged(Path(folder))
    return Outcome(
        version=version_of("gixy-ng", OURS),
        command="gixy --format json nginx.conf",
        headline="",
        findings=found,
    )
