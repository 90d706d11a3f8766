"""What tests of several kinds share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Droplet, current
from tests.outside import Outside
from tests.runs import copy_of_the_project

# As group_data/emulated.py has it; a test does not read what it tests.
DOMAIN = "blog.test"


@pytest.fixture(scope="session")
def droplet() -> Droplet:
    """The running emulated droplet."""
    found = current()
    assert found.pid, (
        "These tests need a droplet. Type: make test-droplet, then: "
        "export FREEHOLD_EMULATOR=.cache/test-droplet"
    )
    return found


@pytest.fixture(scope="session")
def outside(droplet: Droplet) -> Outside:
    """A visitor of the emulated droplet's site."""
    ports = droplet.ports
    assert ports
    return Outside(DOMAIN, ports)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project that may be broken."""
    yield copy_of_the_project(tmp_path / "project")
    shutil.rmtree(tmp_path / "project")
