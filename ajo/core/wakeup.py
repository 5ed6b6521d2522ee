"""Waking workers. Work is rows in PostgreSQL; a wake-up only says "look now", so losing one costs time, never work.

One pending wake-up per queue is enough: they are coalesced in Redis. The clock (celery beat) sweeps up lost ones.
"""

import logging
import time
from collections.abc import Callable
from functools import cache

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

TASKS: dict[str, str] = {
    "ingest": "ajo.tasks.process_inbox",
    "journeys": "journeys.tasks.run_due",
    "delivery.transactional": "channels_app.tasks.send_transactional",
    "delivery.marketing": "channels_app.tasks.send_marketing",
}
PENDING_FOR = 5  # seconds after which a wake-up that nobody took is taken for lost


@cache
def client() -> redis.Redis:
    """The Redis connection pool for wake-ups, counters and locks; short time limits, it is never waited for."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5, health_check_interval=30
    )


def announce(queue: str) -> None:
    """Wake one worker of the queue, unless a wake-up is pending. Redis being away is no error."""
    try:
        if client().set(f"wake:{queue}", 1, nx=True, ex=PENDING_FOR):
            current_app.send_task(TASKS[queue], queue=queue)
    except (redis.RedisError, OperationalError, OSError) as error:
        log.warning("wake-up for %s not sent, the clock will find the work: %s", queue, error)


def announce_on_commit(queue: str) -> None:
    """Announce once the transaction is committed."""
    transaction.on_commit(lambda: announce(queue))


def taken(queue: str) -> None:
    """Say that the pending wake-up was taken: from now on new work needs a new one."""
    try:
        client().delete(f"wake:{queue}")
    except redis.RedisError:
        pass


def work_until_idle(queue: str, run_once: Callable[[], int], *, full_batch: int) -> int:
    """The body of every queue's task: claim and work until nothing is due or the time slice ends; the number done.

    1. Take the wake-up, so that what arrives from now on announces itself.
    2. Work batch after batch. A full batch means there is more: another worker may join.
    3. When the time slice is over and work is left, announce again and give the slot back.
    """
    taken(queue)
    ends_at = time.monotonic() + settings.TASK_TIME_SLICE_SECONDS
    total = 0
    joined = False
    while done := run_once():
        total += done
        if time.monotonic() > ends_at:
            announce(queue)
            break
        if done >= full_batch and not joined:
            announce(queue)
            joined = True
    return total
