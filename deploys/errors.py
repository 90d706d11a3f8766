"""What nginx complains of, in the journal and without its visitors' addresses."""

from pyinfra.api import deploy

from deploys.rendered import rendered
from deploys.root_file import root_file
from operations.applied import applied
from settings.model import Settings
from settings.paths import PROJECT

PROGRAM = "/usr/local/sbin/freehold-nginx-errors"
SOCKET = "freehold-nginx-errors.socket"
UNITS = [f"/etc/systemd/system/freehold-nginx-errors.{kind}" for kind in ("service", "socket")]


@deploy("Errors")
def errors(settings: Settings) -> None:
    """The socket that nginx writes to, and the program behind it; before nginx itself."""
    root_file(
        "Install what takes addresses out of nginx's errors",
        PROJECT / "files" / "errors" / "without_addresses.py",
        PROGRAM,
        mode="755",
    )
    for unit in UNITS:
        rendered(
            name="Describe where nginx's errors go",
            template=f"systemd/{unit.rpartition('/')[2]}.j2",
            path=unit,
            settings=settings,
        )
    applied(
        name="Take nginx's errors, from the first moment of each boot on",
        what="nginx-errors",
        paths=[PROGRAM, *UNITS],
        command=(
            f"systemctl enable --quiet --no-reload {SOCKET} && systemctl daemon-reload"
            # What runs with an earlier program ends, and a line starts the new one.
            f" && systemctl stop freehold-nginx-errors.service && systemctl restart {SOCKET}"
        ),
        state=(
            f"systemctl is-enabled {SOCKET}; systemctl is-active {SOCKET};"
            " stat --format '%a %u %g' /run/freehold/nginx/errors.sock"
        ),
    )
