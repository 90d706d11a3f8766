"""Files brought by rsync, as pyinfra calls it."""

import copy
import shlex

from pyinfra.api import Host, RsyncCommand, State
from pyinfra.api.arguments import ConnectorArguments
from pyinfra.connectors.ssh import SSHConnector
from typing_extensions import override

# As rsync ends its complaint; Python's own, of this machine's disk, ends otherwise.
DISK_IS_FULL = "No space left on device (28)"


class Rsync(RsyncCommand):
    """Brings what is in a folder; a disk that it fills gets back what was brought."""

    @override
    def execute(self, state: State, host: Host, connector_arguments: ConnectorArguments) -> bool:
        try:
            return bool(
                _connector(host).rsync(
                    self.src,
                    self.dest,
                    self.flags,
                    print_output=state.print_output,
                    print_input=state.print_input,
                    **connector_arguments,
                )
            )
        except OSError as error:
            # The database is on the same disk. After any other failure the next run goes on there.
            if DISK_IS_FULL in str(error):
                remove = f"rm -rf {shlex.quote(self.dest)}"
                host.run_shell_command(remove, **connector_arguments)
            raise


def _connector(host: Host) -> Host | SSHConnector:
    """What calls rsync: with an IPv6 address in brackets, which pyinfra leaves out.

    Without them rsync would ask for a host by the name of the address's first part.
    """
    connector = host.connector
    if not isinstance(connector, SSHConnector):
        return host
    name = connector.data["ssh_hostname"] or host.name
    if ":" not in name:
        return host
    # Of its own: with brackets ssh itself would find nobody.
    bracketed = copy.copy(connector)
    bracketed.data = {**connector.data, "ssh_hostname": f"[{name}]"}
    return bracketed
