"""For who watches the processes: `/healthz` says this one lives, `/readyz` whether the whole works."""

import time
from collections.abc import Callable

import redis
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ajo.core import heartbeat


class NotReady(Exception):
    """A part is reachable and does not do its work."""

    def __init__(self, reason: str, **details: object) -> None:
        super().__init__(reason)
        self.details = details


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive. Asks nobody: a database that is down is no reason to restart this process."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Every part with its state and how long it took; 503 when one fails."""
    parts = {name: _examine(check) for name, check in CHECKS.items()}
    works = all(part["state"] == "ok" for part in parts.values())
    return JsonResponse({"state": "ok" if works else "failing", "parts": parts}, status=200 if works else 503)


def check_database() -> dict:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {}


def check_redis() -> dict:
    with heartbeat.client() as client:
        client.ping()
    return {}


def check_workers() -> dict:
    ages = heartbeat.seconds_since_heartbeat()
    silent = [queue for queue, age in ages.items() if age is None]
    if silent:
        raise NotReady(
            f"No worker was heard from for {heartbeat.SILENT_AFTER} s.", queues=ages, silent=silent
        )
    return {"queues": ages}


CHECKS: dict[str, Callable[[], dict]] = {
    "database": check_database,
    "redis": check_redis,
    "workers": check_workers,
}


def _examine(check: Callable[[], dict]) -> dict:
    started_at = time.perf_counter()
    try:
        found = {"state": "ok", **check()}
    except NotReady as failing:
        found = {"state": "failing", "reason": str(failing), **failing.details}
    except (DatabaseError, redis.RedisError) as failing:
        # The class is enough for the watcher; the message may name hosts and users.
        found = {"state": "failing", "reason": type(failing).__name__}
    return found | {"latency_ms": round((time.perf_counter() - started_at) * 1000, 1)}
