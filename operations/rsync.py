"""Files brought by rsync, as pyinfra calls it."""

import shlex

from pyinfra.api import Host, RsyncCommand, State
from pyinfra.api.arguments import ConnectorArguments
from typing_extensions import override

# As rsync ends its complaint; Python's own, of this machine's disk, ends otherwise.
DISK_IS_FULL = "No space left on device (28)"


class Rsync(RsyncCommand):
    """Brings what is in a folder; a disk that it fills gets back what was brought."""

    @override
    def execute(self, state: State, host: Host, connector_arguments: ConnectorArguments) -> bool:
        try:
            return bool(super().execute(state, host, connector_arguments))
        except OSError as error:
            # The database is on the same disk. After any other failure the next run goes on there.
            if DISK_IS_FULL in str(error):
                remove = f"rm -rf {shlex.quote(self.dest)}"
                host.run_shell_command(remove, **connector_arguments)
            raise
