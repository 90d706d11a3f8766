"""The droplet, its firewall, its address and its names: `pyinfra @local droplet.py`."""

import shlex
from pathlib import Path

from pyinfra import host, logger
from pyinfra.api.exceptions import DeployError

try:
    from deploys.progress import say_how_long
    from digitalocean.account import cloud_of, concerns
    from digitalocean.costs import costs
    from digitalocean.described import described, raw
    from digitalocean.login import check_login
    from digitalocean.operations import as_described
except ModuleNotFoundError as error:
    # In another folder, or another pyinfra than that of .venv; but no fault of the code's own.
    here = Path(__file__).resolve().parent
    if Path.cwd() == here and (here / str(error.name).partition(".")[0]).exists():
        raise
    raise DeployError(
        f"{error}. Type it in this project's folder: cd {shlex.quote(str(here))} && make droplet"
    ) from None

if host.name != "@local":
    raise DeployError("This asks Digital Ocean, and no host: pyinfra @local droplet.py")

settings = described()
cloud = cloud_of(settings)

say_how_long()
check_login(settings, raw())
described_parts = concerns(cloud, settings)
# All is looked at before anything is bought: -y leaves pyinfra's own look away.
changes = [change for _, concern in described_parts for change in concern.pending()]
logger.info(f"--> {costs(cloud, settings)}")
for change in changes:
    logger.info(f"    {change}")
for sentence, concern in described_parts:
    as_described(name=sentence, concern=concern)
