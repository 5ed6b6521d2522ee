"""Accepting: a message is answered only after its inbox row is on disk.

Requests that come at the same time share one COPY and one commit: each hands its rows to the process's writer and
waits for the commit that holds them.
"""

import logging
import os
import threading
import time
import uuid
from datetime import datetime
from typing import NamedTuple

import orjson
from django.db import connection

from ajo.core import sql, wakeup
from ajo.core.request_id import current_request_id
from profiles.errors import InvalidMessage, NotStored, UnknownInlet
from profiles.ingest.envelope import MAX_MESSAGE_BYTES, SHARDS, parse, shard_of
from profiles.models import Inlet

log = logging.getLogger(__name__)

COLUMNS = ("sandbox_id", "inlet_id", "shard", "message", "request_id")
STORE_WITHIN = 10.0  # seconds that a request waits for its commit
MAX_GROUP = 2_000  # rows in one COPY
GATHER_FOR = (
    0.001  # seconds that the first of a group waits for others: a commit costs as much for one as for all
)


class InboxEntry(NamedTuple):
    sandbox_id: int
    inlet_id: int | None
    shard: int
    message: str
    request_id: str


class OpenInlet(NamedTuple):
    """What accepting needs to know of an inlet."""

    id: int
    sandbox_id: int
    needs_api_key: bool


_inlets: dict[str, tuple[float, OpenInlet]] = {}


def open_inlet(key: str, at: float) -> OpenInlet:
    """The inlet with this key; UnknownInlet when there is none. Remembered for five seconds."""
    known = _inlets.get(key)
    if known and at - known[0] < 5.0:
        return known[1]
    row = (
        Inlet.objects.filter(key=key[:64], is_active=True)
        .values_list("id", "sandbox_id", "needs_api_key")
        .first()
    )
    if row is None:
        _inlets.pop(key, None)
        raise UnknownInlet()
    inlet = OpenInlet(*row)
    _inlets[key] = (at, inlet)
    return inlet


def entry_of(message: object, raw: bytes | None, inlet: OpenInlet, now: datetime) -> InboxEntry:
    """Validate one message; its inbox row. Raises InvalidMessage. An event without `_id` gets one."""
    completed = give_event_id(message)
    parsed = parse(message, inlet.sandbox_id, now)
    if raw is None or completed:
        raw = orjson.dumps(message)
    if len(raw) > MAX_MESSAGE_BYTES:
        raise InvalidMessage(
            f"A message has at most {MAX_MESSAGE_BYTES:,} bytes; this has {len(raw):,}.", pointer=""
        )
    return InboxEntry(inlet.sandbox_id, inlet.id, shard_of(parsed), raw.decode(), current_request_id() or "")


def give_event_id(message: object) -> bool:
    """An event that came without `_id` counts once per acceptance; True when it was given one."""
    body = message.get("body") if isinstance(message, dict) else None
    entity = body.get("xdmEntity") if isinstance(body, dict) else None
    if isinstance(entity, dict) and "timestamp" in entity and "_id" not in entity:
        entity["_id"] = str(uuid.uuid4())
        return True
    return False


def internal_event(sandbox_id: int, profile_id: int, entity: dict) -> InboxEntry:
    """The inbox row of an event that the product itself observed (an open, a click): it needs no schema."""
    message = {"header": {"profileId": profile_id}, "body": {"xdmEntity": entity}}
    shard = profile_id % SHARDS
    return InboxEntry(sandbox_id, None, shard, orjson.dumps(message).decode(), current_request_id() or "")


def store(entries: list[InboxEntry]) -> None:
    """Return once the rows are durable; NotStored when they are not."""
    if not entries:
        return
    if connection.in_atomic_block:  # part of a larger deed: its commit is ours
        sql.copy_rows("profiles_inboxrow", COLUMNS, entries)
        wakeup.announce_on_commit("ingest")
        return
    _writer().store(entries)


class GroupWriter:
    """One thread of the process that writes everybody's rows: one COPY, one commit, many answers."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._waiting: list[tuple[list[InboxEntry], _Ticket]] = []
        self._has_work = threading.Condition()
        threading.Thread(target=self._run, name="inbox-writer", daemon=True).start()

    def store(self, entries: list[InboxEntry]) -> None:
        ticket = _Ticket()
        with self._has_work:
            self._waiting.append((entries, ticket))
            self._has_work.notify()
        if not ticket.done.wait(STORE_WITHIN):
            raise NotStored()
        if ticket.error is not None:
            raise NotStored() from ticket.error

    def _take(self) -> list[tuple[list[InboxEntry], "_Ticket"]]:
        with self._has_work:
            while not self._waiting:
                self._has_work.wait()
        time.sleep(GATHER_FOR)
        with self._has_work:
            taken, size = 0, 0
            while taken < len(self._waiting) and (taken == 0 or size < MAX_GROUP):
                size += len(self._waiting[taken][0])
                taken += 1
            group, self._waiting = self._waiting[:taken], self._waiting[taken:]
            return group

    def _run(self) -> None:
        while True:
            group = self._take()
            rows = [entry for entries, _ in group for entry in entries]
            error = self._copy(rows)
            if error is not None:  # a connection that went away meanwhile; `_id` makes a second copy harmless
                error = self._copy(rows)
            for _, ticket in group:
                ticket.error = error
                ticket.done.set()
            if error is None:
                wakeup.announce("ingest")

    def _copy(self, rows: list[InboxEntry]) -> Exception | None:
        try:
            sql.copy_rows("profiles_inboxrow", COLUMNS, rows)
        except (
            Exception
        ) as error:  # the thread must outlive whatever one group brings; each waiter gets the error
            log.exception("inbox rows not stored")
            connection.close()
            return error
        return None


class _Ticket:
    """What a request waits for."""

    __slots__ = ("done", "error")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.error: Exception | None = None


_the_writer: GroupWriter | None = None
_writer_lock = threading.Lock()


def _writer() -> GroupWriter:
    global _the_writer  # noqa: PLW0603  (one a process, started on first use)
    if _the_writer is None or _the_writer.pid != os.getpid():
        with _writer_lock:
            if _the_writer is None or _the_writer.pid != os.getpid():
                _the_writer = GroupWriter()
    return _the_writer
