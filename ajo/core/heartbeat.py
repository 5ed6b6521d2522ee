"""Whether workers take work: beat sends each queue a task every few seconds, which leaves its time."""

import time

import redis
from celery import shared_task
from django.conf import settings

# `jobs` is left out: long imports may fill all of its processes, and that is in order.
QUEUES = ("ingest", "audiences", "journeys", "delivery.transactional", "delivery.marketing")
EVERY = 5.0
SILENT_AFTER = 60
KEY = "ajo:heartbeat:"


def client() -> redis.Redis:
    """Quick to give up: who asks for the state of things cannot wait."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


@shared_task(name="core.heartbeat", ignore_result=True)
def heartbeat(queue: str) -> None:
    """Runs on the queue it is about."""
    with client() as connection:
        connection.set(f"{KEY}{queue}", time.time(), ex=SILENT_AFTER)


def seconds_since_heartbeat() -> dict[str, float | None]:
    """By queue; None where nothing was heard within a minute."""
    with client() as connection:
        values = connection.mget([f"{KEY}{queue}" for queue in QUEUES])
    now = time.time()
    return {
        queue: None if value is None else round(max(now - float(value), 0), 1)
        for queue, value in zip(QUEUES, values, strict=True)
    }


def beat_schedule() -> dict[str, dict]:
    """Entries for Celery's schedule. A heartbeat that waited too long tells nothing, and is dropped."""
    return {
        f"heartbeat-{queue}": {
            "task": "core.heartbeat",
            "schedule": EVERY,
            "args": [queue],
            "options": {"queue": queue, "expires": EVERY * 4},
        }
        for queue in QUEUES
    }
