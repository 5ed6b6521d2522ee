"""A note on this machine's disk of each mail that the provider took, made before the database hears of it.

A process that is killed between the provider's answer and its commit leaves the note; whoever frees its claims reads
it and sends those mails no second time. One file a process, eight bytes a mail, emptied when a batch is settled.
"""

import logging
import os
import struct
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)

_open: dict[str, int | None] = {}  # owner -> file descriptor; None where the disk does not let us


def path_of(owner: str) -> Path:
    return Path(settings.DATA_DIR) / "sent" / owner.replace("/", "_").replace(":", "_")


def note(owner: str, message_id: int) -> None:
    """The provider has this mail. Survives the death of the process, not that of the machine."""
    if owner not in _open:
        _open[owner] = _begin(owner)
    if (file := _open[owner]) is not None:
        os.write(file, struct.pack(">Q", message_id))


def _begin(owner: str) -> int | None:
    path = path_of(owner)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        log.warning("no journal of sent mails at %s: %s; a killed sender may repeat a mail", path, error)
        return None


def clear(owner: str) -> None:
    """Everything noted is in the database."""
    if (file := _open.get(owner)) is not None:
        os.ftruncate(file, 0)


def read(owner: str) -> list[int]:
    """The mails that a process had handed over without a word to the database."""
    try:
        raw = path_of(owner).read_bytes()
    except OSError:
        return []
    return [number for (number,) in struct.iter_unpack(">Q", raw[: len(raw) // 8 * 8])]


def forget(owner: str) -> None:
    path_of(owner).unlink(missing_ok=True)
