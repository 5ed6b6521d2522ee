"""Connections to providers that a process keeps open between batches."""

import os
import threading

from channels_app.channels.base import Connection, providers
from channels_app.models import Configuration


class Pool:
    """Connections of one configuration that this process keeps open between batches."""

    def __init__(self, configuration: Configuration) -> None:
        self.provider = providers[configuration.provider]
        self.settings, self.secrets = configuration.settings, configuration.secrets or {}
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    def take(self) -> Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self.provider.connect(self.settings, self.secrets)

    def give_back(self, connection: Connection) -> None:
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()


_pools: dict[int, tuple[int, object, Pool]] = {}


def connections_of(configuration: Configuration) -> Pool:
    """The process's pool for a configuration; a new one when the configuration was changed."""
    known = _pools.get(configuration.pk)
    if known is None or known[0] != os.getpid() or known[1] != configuration.updated_at:
        if known is not None and known[0] == os.getpid():
            known[2].close()
        known = _pools[configuration.pk] = (os.getpid(), configuration.updated_at, Pool(configuration))
    return known[2]
