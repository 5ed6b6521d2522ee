"""PostgreSQL and Redis for the tests: once a run, before Django reads its settings, for all workers."""

import atexit
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

from ajo.embedded import Server, StartFailed, start_postgres, start_redis
from ajo.embedded.locks import AlreadyRunning

REPOSITORY = Path(__file__).resolve().parents[1]
# Kept between runs, so that the cluster need not be made again.
CACHED = REPOSITORY / ".data" / "tests"

_at_the_end = ExitStack()


def start_if_not_configured() -> None:
    """Set DATABASE_URL and REDIS_URL. The workers of a parallel run find them set and start nothing."""
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = _postgres().url
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = _start(start_redis, _temporary()).url
    atexit.register(stop)


def stop() -> None:
    """Stop what was started here; also when the run breaks off."""
    _at_the_end.close()


def redis_url_of_worker() -> str:
    """Each worker of a parallel run has a Redis database of its own, as it has a PostgreSQL database."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = urlsplit(os.environ["REDIS_URL"])
    return urlunsplit(url._replace(path=f"/{int(worker) % 15 + 1}"))


def _postgres() -> Server:
    try:
        return _start(start_postgres, CACHED)
    except AlreadyRunning:  # another run of the tests, in another terminal
        return _start(start_postgres, _temporary())
    except StartFailed:  # without fsync, a crashed machine leaves files that are of no use
        shutil.rmtree(CACHED, ignore_errors=True)
        return _start(start_postgres, CACHED)


def _start(begin: Callable[..., Server], directory: Path) -> Server:
    server = begin(directory, durable=False)
    _at_the_end.callback(server.stop, patience=10)
    return server


def _temporary() -> Path:
    path = Path(
        _at_the_end.enter_context(TemporaryDirectory(prefix="ajo-tests-", ignore_cleanup_errors=True))
    )
    path.chmod(0o755)  # the database's own user passes through; what lies in it is closed to others
    return path
