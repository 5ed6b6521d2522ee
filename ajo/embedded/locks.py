"""A lock file: held while its process lives, free by itself when that dies in any way."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from ajo.embedded.process import StartFailed


class AlreadyRunning(StartFailed):
    """Somebody alive holds it."""


def hold(path: Path, *, what: str) -> Callable[[], None]:
    """Take the lock and write our pid into it; calling the answer gives it back."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(handle, 20).decode().strip()
        os.close(handle)
        raise AlreadyRunning(f"{what} of {path.parent} is running already (process {holder or 'unknown'}).")
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())

    def release() -> None:
        nonlocal handle
        if handle >= 0:
            os.close(handle)
            handle = -1

    return release
