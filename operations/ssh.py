"""Replace the way in, and keep it only when it was seen to work."""

import time
from collections.abc import Generator, Iterable, Sequence

from pyinfra import host
from pyinfra.api import FactBase, FunctionCommand, Host, State, operation
from pyinfra.api.exceptions import ConnectError
from typing_extensions import override

from facts.holds import Holds
from settings.keys import lets_in

SCRIPT = "/usr/local/sbin/freehold-ssh"
LIVE_KEYS = "/root/.ssh/authorized_keys"
# Well within the two minutes after which the host puts everything back by itself.
ATTEMPTS = 6


class LiveKeys(FactBase[list[str]]):
    """The keys that may log in now, a line each."""

    @override
    def command(self) -> str:
        return f"cat {LIVE_KEYS} 2>/dev/null || true"

    @staticmethod
    @override
    def default() -> list[str]:
        return []

    @override
    def process(self, output: Iterable[str]) -> list[str]:
        return [line for line in output if line.strip() and not line.startswith("#")]


def connects(state: State, host: Host) -> bool:
    """Whether one can log in once more, as any later run would."""
    # The first connection proves nothing: sshd does not ask again for one that stands.
    connector = type(host.connector)(state, host)
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            connector.connect()
        except ConnectError as error:
            # While sshd re-executes itself it resets a connection or two.
            reason = str(error)
            time.sleep(2)
        else:
            connector.disconnect()
            return True
    host.log(f"A second connection was refused: {reason}")
    return False


def _second_connection_works(state: State, host: Host) -> bool:
    """Log in once more, as any later run would; without success everything is put back."""
    if connects(state, host):
        done, _ = host.run_shell_command(f"{SCRIPT} confirm")
        return done
    host.run_shell_command(f"{SCRIPT} revert")
    host.log(
        "The new SSH settings or keys would have locked you out. They were put back as they "
        "were. Is the key that you log in with among authorized_keys in group_data/droplets.py? "
        "If your agent holds more than three keys, name the right one as ssh_key there."
    )
    return False


def foreign(lines: Sequence[str], owners_keys: Sequence[str]) -> list[str]:
    """Of authorized_keys' `lines` those whose key is not the owner's, whatever their options."""
    return [line for line in lines if not lets_in(owners_keys, line)]


@operation()
def ssh_access(owners_keys: list[str]) -> Generator[str | FunctionCommand, None, None]:
    """Put the candidate sshd settings and keys in force, proved by a second connection.

    What was before returns by itself within two minutes when this run dies in between.

    + owners_keys: the candidate's lines; others that are in force are named as they go
    """
    if not host.get_fact(Holds, condition=f"[ ! -x {SCRIPT} ] || {SCRIPT} pending"):
        host.noop("The SSH settings and keys are in force")
        return
    live: list[str] = host.get_fact(LiveKeys)
    for line in foreign(live, owners_keys):
        host.log(f"A key that is not the owner's loses its access: …{line[-60:]}")
    yield f"{SCRIPT} apply"
    yield FunctionCommand(_second_connection_works, (), {})
