"""What the running services leave out of their memory."""

import os
import subprocess
import sys
import tracemalloc

import pytest
from sqlalchemy import Engine, text

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


def test_a_new_shape_of_filters_does_not_cost_memory_for_good(engine: Engine) -> None:
    """What a page asks of the database differs by the filters, which anybody may combine."""
    filters = " AND ".join(f":value{number} = ANY(ARRAY[1, 2])" for number in range(60))
    values = {f"value{number}": 1 for number in range(60)}
    with engine.connect() as connection:
        tracemalloc.start()
        try:
            for shape in range(400):
                connection.execute(text(f"SELECT 1 AS shape{shape} WHERE {filters}"), values)
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert grown < 20e6
