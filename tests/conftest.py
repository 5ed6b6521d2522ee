"""What all tests share."""

import pytest

from tests import servers


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the embedded servers at the end; the workers of a parallel run started none."""
    if not hasattr(config, "workerinput"):
        servers.stop()
