"""One deploy at a time."""

import shlex

from pyinfra import host
from pyinfra.api.exceptions import DeployError
from pyinfra.connectors.ssh import SSHConnector

from operations.origin import who

LOCK = "/run/freehold-deploy"
# After so many seconds without a word the holder's machine is gone. Whoever lives says one each
# 20 seconds, also while a command is at work and while this machine is.
SILENCE = 180
KEEPALIVE = 20
# What a run that is gone has begun ends within so many seconds, but for rare ones.
PATIENCE = 180

# The lock is the holder's SSH session: the process id and start time of sshd's process for that
# connection. It ends with the connection, however the run ends, so nothing has to be released
# and a lock that a dead run left is told from a held one.
# The connection of a machine that vanished (power, network) stands for hours where sshd has not
# got our settings yet. So the kernel is asked when that machine was heard last, and a session
# whose other end is gone is ended; but not below a command that is still at work: two runs would
# change the host at once. What receives files ends by itself, with the session.
# A change of the services outlives its session (files/lib/freehold_rollout/lock.py).
TAKE = r"""
set -eu
lock=$2
session=$$
while [ "$session" -gt 1 ]; do
  case $(cat "/proc/$session/comm") in sshd*) break ;; esac
  session=$(awk '/^PPid:/ {print $2}' "/proc/$session/status")
done
started() { awk '{print $22}' "/proc/$1/stat" 2>/dev/null || true; }
began=$(started "$session")
exec 9>>"$lock.guard"
flock 9
# No hangup ends this wait when its session ends.
[ "$(started "$session")" = "$began" ] || exit 1
# In seconds, or nothing where it is not known. Of none ss leaves the word out.
silence() {
  ss -tinpHO state established 2>/dev/null | awk -v process="pid=$1," '
    index($0, process) {
      heard = 0
      for (i = 1; i <= NF; i++) if ($i ~ /^lastrcv:/) heard = substr($i, 9) + 0
      if (least == "" || heard < least) least = heard
    }
    END { if (least != "") print int(least / 1000) }'
}
at_work() {
  for process in $(grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d / -f 3); do
    case $(cat "/proc/$process/comm" 2>/dev/null) in sftp-server | sshd*) continue ;; esac
    tr '\0\n' '  ' <"/proc/$process/cmdline" | cut -c 1-100
  done
}
if [ -s "$lock" ]; then
  read -r holder start who <"$lock"
  held() { [ "$holder" != "$session" ] && [ "$(started "$holder")" = "$start" ]; }
  if held; then
    silent=$(silence "$holder")
    if [ "${silent:-0}" -le "$3" ]; then
      echo "held by $who"
      exit 0
    fi
    command=$(at_work "$holder" | grep -m 1 . || true)
    if [ "$command" ]; then
      echo "held by $who; its machine is silent for $silent s, but a command of it is still at" \
        "work: $command"
      exit 0
    fi
    kill "$holder"
    tries=20
    while held; do
      if [ "$tries" = 0 ]; then
        echo "held by $who; its machine is silent, but process $holder does not end"
        exit 0
      fi
      tries=$((tries - 1))
      sleep 0.5
    done
  fi
fi
echo "$session $began $1 since $(date -u '+%Y-%m-%d %H:%M:%S UTC')" >"$lock"
flock --unlock 9
exec 8>>"$lock.work"
free=yes
flock --wait "$4" 8 || free=
# Nor this one, and then the lock may be another's by now.
flock 9
read -r holder start who <"$lock" || true
if [ "$holder $start" != "$session $began" ]; then
  echo "held by ${who:-another}"
  exit 0
fi
if [ -z "$free" ]; then
  : >"$lock"
  echo "held by $(cat "$lock.work"); its connection is gone, but it is still at work"
  exit 0
fi
echo taken
"""


def hold_the_lock() -> None:
    """Take the host's lock for this run; DeployError names the holder when another has it."""
    _say_that_we_live()
    arguments = f"{shlex.quote(who())} {LOCK} {SILENCE} {PATIENCE}"
    worked, output = host.run_shell_command(f"sh -c {shlex.quote(TAKE)} sh {arguments}")
    if not worked:
        raise DeployError(
            f"The lock of {host.name} could not be taken: {output.stderr or output.stdout}. "
            "See what is wrong there: make ssh"
        )
    if output.stdout != "taken":
        raise DeployError(
            f"Another deploy is running on {host.name}: {output.stdout}. "
            "Wait until it has ended. If its machine is gone, deploy again: after three minutes "
            "without a word from it, its lock goes to whoever asks."
        )


def _say_that_we_live() -> None:
    """Have a word sent now and then on the connection of this run; without SSH there is none."""
    connector = host.connector
    if not isinstance(connector, SSHConnector) or connector.client is None:
        return
    if transport := connector.client.get_transport():
        transport.set_keepalive(KEEPALIVE)
