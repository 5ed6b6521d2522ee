"""What all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ajo.core import sql
from tests import servers
from tests.running import data_directory


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the embedded servers at the end; the workers of a parallel run started none."""
    if not hasattr(config, "workerinput"):
        servers.stop()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with data_directory() as path:
        yield path


UNMANAGED = (
    "profiles_experienceevent, profiles_eventkey, journeys_stepevent, "
    "channels_app_message, channels_app_messageevent"
)


@pytest.fixture(autouse=True)
def empty_partitioned_tables(request: pytest.FixtureRequest) -> None:
    """Django empties its own tables after a test with real transactions; the partitioned ones it does not know."""
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction"):
        request.getfixturevalue("transactional_db")
        sql.run(f"TRUNCATE {UNMANAGED}")
