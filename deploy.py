"""The whole host, in order: `pyinfra inventory.py deploy.py`."""

from pyinfra import host

from deploys.access import access
from deploys.backups import (
    backup_program,
    backups,
    begin_restore,
    finish_restore,
    is_to_be_restored,
)
from deploys.base import base, check_the_machine
from deploys.certificates import certificates, trusted
from deploys.database import check_the_database, upgrade_program
from deploys.docker import docker
from deploys.errors import errors
from deploys.firewall import check_the_way_in, firewall
from deploys.hardening import hardening
from deploys.lock import hold_the_lock
from deploys.progress import say_how_long
from deploys.rebuild import weekly_rebuild
from deploys.site import site
from deploys.stack import stack
from deploys.status import status
from settings.load import settings_of

settings = settings_of(host.data.dict())

say_how_long()
hold_the_lock()
machine = check_the_machine(settings=settings)
check_the_way_in(settings=settings, peer=machine.peer)
data = check_the_database(settings=settings)
restoring = is_to_be_restored(settings=settings, data=data)

base(settings=settings)
hardening(settings=settings)
access(settings=settings)
firewall(settings=settings)
docker(settings=settings)
backup_program(settings=settings)
if restoring:
    begin_restore(settings=settings)
certificates(settings=settings)
if not (restoring and settings.restore):
    # Of a backup that was asked for by name the site is live, too, and the next deploy brings the
    # owner's if that is another one.
    site(settings=settings)
errors(settings=settings)
stack(settings=settings)
upgrade_program()
if restoring:
    finish_restore(settings=settings)
backups(settings=settings)
weekly_rebuild(settings=settings)
# Before the order, so that the owner is told also when it fails.
status(settings=settings)
# Last, for it may wait for DNS records that the owner is still to write.
trusted(settings=settings)
