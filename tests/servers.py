"""PostgreSQL and Redis for the tests: once a run, before Django reads its settings, for all workers."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ajo.embedded import StartFailed, start_postgres, start_redis
from ajo.embedded.locks import AlreadyRunning
from ajo.embedded.owner import find_place

REPOSITORY = Path(__file__).resolve().parents[1]
# Kept between runs, so that the cluster need not be made again.
CACHED = REPOSITORY / ".data" / "tests"

_started = []


def start_if_not_configured() -> None:
    """Set DATABASE_URL and REDIS_URL. The workers of a parallel run find them set and start nothing."""
    if not os.environ.get("DATABASE_URL"):
        server = _postgres()
        _started.append(server)
        os.environ["DATABASE_URL"] = server.url
    if not os.environ.get("REDIS_URL"):
        server = start_redis(Path(tempfile.mkdtemp(prefix="ajo-tests-")), durable=False)
        _started.append(server)
        os.environ["REDIS_URL"] = server.url
    atexit.register(stop)


def stop() -> None:
    """Stop what was started here; also when the run breaks off."""
    while _started:
        _started.pop().stop(patience=10)


def redis_url_of_worker() -> str:
    """Each worker of a parallel run has a Redis database of its own, as it has a PostgreSQL database."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = urlsplit(os.environ["REDIS_URL"])
    return urlunsplit(url._replace(path=f"/{int(worker) % 15 + 1}"))


def _postgres():
    try:
        return start_postgres(CACHED, durable=False)
    except AlreadyRunning:  # another run of the tests, in another terminal
        return start_postgres(Path(tempfile.mkdtemp(prefix="ajo-tests-")), durable=False)
    except StartFailed:  # without fsync, a crashed machine leaves files that are no use
        shutil.rmtree(find_place(CACHED, "postgres") / "data", ignore_errors=True)
        return start_postgres(CACHED, durable=False)
