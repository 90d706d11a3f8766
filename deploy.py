"""The whole host, in order: `pyinfra inventory.py deploy.py`."""

from pyinfra import host

from deploys.access import access
from deploys.base import base, check_the_machine
from deploys.certificates import certificates, trusted
from deploys.docker import docker
from deploys.errors import errors
from deploys.firewall import check_the_way_in, firewall
from deploys.hardening import hardening
from deploys.lock import hold_the_lock
from deploys.progress import say_how_long
from deploys.rebuild import weekly_rebuild
from deploys.site import site
from deploys.stack import stack
from settings.load import settings_of

settings = settings_of(host.data.dict())

say_how_long()
hold_the_lock()
check_the_machine(settings=settings)
check_the_way_in(settings=settings)

base(settings=settings)
hardening(settings=settings)
access(settings=settings)
firewall(settings=settings)
docker(settings=settings)
certificates(settings=settings)
site(settings=settings)
errors(settings=settings)
stack(settings=settings)
weekly_rebuild(settings=settings)
# Last, for it may wait for DNS records that the owner is still to write.
trusted(settings=settings)
