"""What the running services leave out of their memory."""

import os
import subprocess
import sys

import pytest

# Of these the schema, its history and tests are made; each process would hold 6 MB for nothing.
ONLY_FOR_THE_SCHEMA = ("sqlalchemy.orm", "alembic", "analytics.keeping.models")


@pytest.mark.parametrize("module", ["analytics.app", "analytics.worker"])
def test_no_service_loads_what_only_the_schema_needs(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    loaded = subprocess.check_output(
        [sys.executable, "-c", program], env=environment, text=True
    ).split()
    assert not set(ONLY_FOR_THE_SCHEMA) & set(loaded)
