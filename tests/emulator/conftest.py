"""The emulated API that its tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.api_lab import Api, api_in


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """A new account whose actions take until `done` is called."""
    with api_in(tmp_path / "cloud", action_seconds=3600) as found:
        yield found
