"""The sender: takes messages out of the outbox and hands them to their provider, each at least and nearly always once.

A claim is a lease: rows of a dead process come back by themselves. Each provider connection has one mail under way,
and begins the next only when the answer to the last is on disk; so a process killed at any line leaves at most the
mails whose answer was lost, one a connection, and only those may go out twice.
"""

import logging
import os
import queue
import socket
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from time import monotonic

import orjson
import psutil
from django.db import transaction

from ajo.core import clock, sql
from ajo.core.errors import SendError
from channels_app.channels.base import Connection, HardBounce
from channels_app.channels.email.channel import DEFAULT_ADDRESS_PATH, compose
from channels_app.content.personalization import TemplateProblem
from channels_app.content.render import render_email
from channels_app.deliverability import suppression
from channels_app.delivery import journal
from channels_app.delivery.checks import Candidate, reason_to_skip
from channels_app.delivery.connections import Pool, connections_of
from channels_app.delivery.results import Claimed, Result, later, settle
from channels_app.models import Configuration, Content
from profiles.snapshots import People

log = logging.getLogger(__name__)

BATCH = 500
LEASE = timedelta(seconds=90)
SAFETY = 30.0  # seconds of lease that must be left to begin a mail: longer than one conversation can last
CONFIGURATION_FOR = 5.0  # seconds a process trusts its copy of a configuration

# Take messages that are due: queued ones, and those whose claim ran out.
CLAIM = """
    UPDATE channels_app_message m
       SET state = 'sending', claimed_by = %(owner)s, due_at = %(lease_until)s, attempts = m.attempts + 1
      FROM (SELECT id, created_at FROM channels_app_message
             WHERE message_type = %(message_type)s AND state IN ('queued', 'sending') AND due_at <= %(now)s
             ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED) due
     WHERE m.id = due.id AND m.created_at = due.created_at
 RETURNING m.id, m.created_at, m.sandbox_id, m.profile_id, m.content_id, m.journey_version_id, m.node_id,
           m.context::text, m.attempts
"""
EMAIL_IDENTITIES = """
    SELECT DISTINCT ON (w.id) w.id, i.value
      FROM unnest(%s::bigint[]) AS w(id)
      LEFT JOIN profiles_mergedprofile m ON m.old_profile_id = w.id
      JOIN profiles_identity i ON i.profile_id = coalesce(m.profile_id, w.id)
      JOIN profiles_namespace n ON n.id = i.namespace_id AND n.code = 'Email'
     ORDER BY w.id, i.id
"""


def owner_name() -> str:
    """Who claims: host, process and its start, so that a namesake is not mistaken for it."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started_at()}"


@lru_cache(maxsize=4)
def _started_at_of(pid: int) -> int:
    return int(clock.now().timestamp())


def _started_at() -> int:
    return _started_at_of(os.getpid())


def run_once(message_type: str, now: datetime | None = None, limit: int = BATCH) -> int:
    """Send one batch of due messages; the number taken.

    1. Claim, and commit the claim: from here on the lease protects them.
    2. Load people, contents and suppressions, a statement each.
    3. Check and fill each message; what may not or cannot go out is settled at once.
    4. Hand the rest over, several connections side by side, settling answers as they come.
    """
    now = now or clock.now()
    owner = owner_name()
    ends_at = monotonic() + LEASE.total_seconds() - SAFETY
    claim = {
        "owner": owner,
        "now": now,
        "lease_until": now + LEASE,
        "limit": limit,
        "message_type": message_type,
    }
    messages = [Claimed(*row) for row in sql.rows(CLAIM, claim)]
    if not messages:
        return 0
    batch = Batch(messages, message_type == Configuration.MessageType.MARKETING)
    by_configuration: dict[int, list[Claimed]] = {}
    settled = []
    for message in messages:
        reason = batch.reason_to_skip(message)
        if reason:
            settled.append(Result(message, "skipped", "skipped", reason))
        else:
            by_configuration.setdefault(batch.contents[message.content_id].configuration_id, []).append(
                message
            )
    settle(settled, owner)
    for configuration_id, group in by_configuration.items():
        deliver(batch, configuration_of(configuration_id), group, owner, ends_at)
    journal.clear(owner)
    return len(messages)


class Batch:
    """What the messages of one claim need, loaded for all of them together."""

    def __init__(self, messages: Sequence[Claimed], is_marketing: bool) -> None:
        self.is_marketing = is_marketing
        self.people = People(m.profile_id for m in messages)
        self.contents = {
            content_id: content_of(content_id) for content_id in {m.content_id for m in messages}
        }
        without = []
        for message in messages:
            path = configuration_of(self.contents[message.content_id].configuration_id).settings.get(
                "address_path"
            )
            message.address = value_at(
                self.people.attributes(message.profile_id), path or DEFAULT_ADDRESS_PATH
            )
            if not message.address:
                without.append(message)
        if without:
            known = dict(sql.rows(EMAIL_IDENTITIES, [[m.profile_id for m in without]]))
            for message in without:
                message.address = known.get(message.profile_id)
        self.suppressed = suppression.suppressed((m.sandbox_id, m.address) for m in messages if m.address)

    def reason_to_skip(self, message: Claimed) -> str | None:
        return reason_to_skip(
            Candidate(
                profile_exists=self.people.exists(message.profile_id),
                attributes=self.people.attributes(message.profile_id),
                address=message.address,
                is_marketing=self.is_marketing,
                is_suppressed=bool(message.address)
                and (message.sandbox_id, message.address.lower()) in self.suppressed,
            )
        )

    def mime(self, message: Claimed, configuration: Configuration, now: datetime) -> bytes:
        """The finished mail; TemplateProblem when it cannot be filled."""
        data = orjson.loads(message.context)
        data["profile"] = self.people.attributes(message.profile_id)
        rendered = render_email(self.contents[message.content_id].parts, data, message.id)
        return compose(
            rendered,
            settings=configuration.settings,
            recipient=message.address,
            message_id=message.id,
            is_marketing=self.is_marketing,
            now=now,
        )


def value_at(data: object, path: str) -> str | None:
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    return data.strip() if isinstance(data, str) else None


@lru_cache(maxsize=1_000)
def content_of(content_id: int) -> Content:
    """Frozen content never changes, so a process reads it once."""
    return Content.objects.get(pk=content_id)


_configurations: dict[int, tuple[float, Configuration]] = {}


def configuration_of(configuration_id: int) -> Configuration:
    known = _configurations.get(configuration_id)
    if known is None or monotonic() - known[0] > CONFIGURATION_FOR:
        known = _configurations[configuration_id] = (
            monotonic(),
            Configuration.objects.get(pk=configuration_id),
        )
    return known[1]


def deliver(
    batch: Batch, configuration: Configuration, messages: Sequence[Claimed], owner: str, ends_at: float
) -> None:
    """Hand messages over on several connections; this thread settles the answers, the others talk."""
    todo: queue.SimpleQueue[Claimed] = queue.SimpleQueue()
    for message in messages:
        todo.put(message)
    answers: queue.SimpleQueue[Result | None] = queue.SimpleQueue()
    pool_size = max(1, min(int(configuration.settings.get("pool_size") or 20), len(messages)))
    pool = connections_of(configuration)
    threads = [
        threading.Thread(target=_talk, args=(batch, configuration, pool, todo, answers, ends_at), daemon=True)
        for _ in range(pool_size)
    ]
    for thread in threads:
        thread.start()
    running = len(threads)
    while running:
        group = []
        answer = answers.get()
        while True:
            if answer is None:
                running -= 1
            else:
                group.append(answer)
            if answers.empty():
                break
            answer = answers.get()
        settle(group, owner)


def _talk(
    batch: Batch,
    configuration: Configuration,
    pool: Pool,
    todo: queue.SimpleQueue,
    answers: queue.SimpleQueue,
    ends_at: float,
) -> None:
    """One connection: mail after mail, the next one only when the last answer is on disk."""
    way = pool.take()
    done = threading.Event()
    try:
        while True:
            try:
                message = todo.get_nowait()
            except queue.Empty:
                break
            done.clear()
            result = attempt(batch, configuration, way, message, ends_at)
            result.done = done
            answers.put(result)
            done.wait()
    finally:
        pool.give_back(way)
        answers.put(None)


def attempt(
    batch: Batch, configuration: Configuration, way: Connection, message: Claimed, ends_at: float
) -> Result:
    """Fill one message and hand it over; never raises."""
    now = clock.now()
    if (
        monotonic() > ends_at
    ):  # the lease is nearly over: leave it to the next claim rather than send it twice
        return Result(message, "queued", "delayed", "leaseOver", due_at=now)
    try:
        mime = batch.mime(message, configuration, now)
        way.send(configuration.settings["from_email"], message.address, mime)
        journal.note(owner_name(), message.id)
    except TemplateProblem as problem:
        return Result(message, "failed", "failed", f"contentFailed: {problem}")
    except HardBounce as error:
        return Result(message, "bounced", "bounced", f"hard bounce: {error}")
    except SendError as error:
        return later(message, error, now)
    except Exception as error:  # a mistake of ours with one message must not hold up the others
        log.exception("message %s failed", message.id)
        return Result(message, "failed", "failed", f"internalError: {type(error).__name__}: {error}")
    return Result(message, "sent", "sent", sent_at=clock.now())


# Claims of processes of this host that are gone: they come back now, not at the end of their lease.
OWNERS = "SELECT DISTINCT claimed_by FROM channels_app_message WHERE state = 'sending' AND claimed_by LIKE %s"
# What they had handed over already, by their journal, is sent.
SETTLE_NOTED = """
    WITH noted AS (
        UPDATE channels_app_message SET state = 'sent', sent_at = %(now)s, reason = NULL, claimed_by = NULL
         WHERE state = 'sending' AND claimed_by = %(owner)s AND id = ANY(%(ids)s)
     RETURNING id, sandbox_id, profile_id, journey_version_id, node_id
    )
    INSERT INTO channels_app_messageevent (at, sandbox_id, message_id, profile_id, journey_version_id, node_id, kind)
    SELECT %(now)s, sandbox_id, id, profile_id, journey_version_id, node_id, 'sent' FROM noted
"""
RELEASE = """
    UPDATE channels_app_message SET due_at = %(now)s, claimed_by = NULL
     WHERE state = 'sending' AND claimed_by = %(owner)s
"""


def release_dead(now: datetime | None = None) -> int:
    """Free the claims of this host's processes that no longer live; the number of messages freed to be sent."""
    now = now or clock.now()
    freed = 0
    for (owner,) in sql.rows(OWNERS, [f"{socket.gethostname()}:%"]):
        if is_alive(owner):
            continue
        with transaction.atomic():
            if noted := journal.read(owner):
                sql.run(SETTLE_NOTED, {"now": now, "owner": owner, "ids": noted})
            freed += sql.run(RELEASE, {"now": now, "owner": owner})
        journal.forget(owner)
    return freed


def is_alive(owner: str) -> bool:
    """Does the process still run that claimed under this name? Where that cannot be told, yes: its lease will end."""
    pid = owner.split(":")[-2]
    return not pid.isdigit() or psutil.pid_exists(int(pid))
