"""One deploy at a time."""

import shlex

from pyinfra import host
from pyinfra.api.exceptions import DeployError

from operations.origin import who

# The lock is the holder's SSH session: the process id and start time of sshd's process for that
# connection. It ends with the connection, however the run ends, so nothing has to be released
# and a lock that a dead run left is told from a held one.
_TAKE = """
set -eu
lock=/run/freehold-deploy
exec 9>>"$lock.guard"
flock 9
session=$$
while [ "$session" -gt 1 ]; do
  case $(cat "/proc/$session/comm") in sshd*) break ;; esac
  session=$(awk '/^PPid:/ {print $2}' "/proc/$session/status")
done
started() { awk '{print $22}' "/proc/$1/stat" 2>/dev/null || true; }
if [ -s "$lock" ]; then
  read -r holder start who <"$lock"
  if [ "$holder" != "$session" ] && [ "$(started "$holder")" = "$start" ]; then
    echo "held by $who"
    exit 0
  fi
fi
echo "$session $(started "$session") $1 since $(date -u '+%Y-%m-%d %H:%M:%S UTC')" >"$lock"
echo taken
"""


def hold_the_lock() -> None:
    """Take the host's lock for this run; DeployError names the holder when another has it."""
    worked, output = host.run_shell_command(f"sh -c {shlex.quote(_TAKE)} sh {shlex.quote(who())}")
    if not worked:
        raise DeployError(
            f"The lock of {host.name} could not be taken: {output.stderr or output.stdout}. "
            "See what is wrong there: make ssh"
        )
    if output.stdout != "taken":
        raise DeployError(
            f"Another deploy is running on {host.name}: {output.stdout}. "
            "Wait until it has ended. If its machine is gone, its lock goes with its connection, "
            "within three minutes."
        )
