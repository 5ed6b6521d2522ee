"""PostgreSQL and Redis from their wheels, for a run on one machine with nothing configured.

The servers belong to a data directory, keep their data there, answer on this machine only and stop with the
process that started them.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ajo.embedded.postgres import start_postgres
from ajo.embedded.process import Server, StartFailed
from ajo.embedded.redis_server import start_redis

__all__ = ["Server", "StartFailed", "Urls", "embedded_servers", "start_postgres", "start_redis"]


@dataclass(frozen=True)
class Urls:
    """Where the servers answer, under the names the settings read."""

    database: str
    redis: str

    def as_environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database, "REDIS_URL": self.redis}


@contextmanager
def embedded_servers(data_dir: Path, *, durable: bool = True) -> Iterator[Urls]:
    """The configured servers, and embedded ones for what is not configured, while the block lasts."""
    with ExitStack() as stack:
        database, broker = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
        if not database:
            server = start_postgres(data_dir, durable=durable)
            stack.callback(server.stop)
            database = server.url
        if not broker:
            server = start_redis(data_dir, durable=durable)
            stack.callback(server.stop)
            broker = server.url
        yield Urls(database=database, redis=broker)
