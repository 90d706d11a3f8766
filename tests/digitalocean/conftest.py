"""What most tests here share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.digitalocean.ocean_lab import Ocean, ocean


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Ocean]:
    with ocean(tmp_path) as made:
        yield made
