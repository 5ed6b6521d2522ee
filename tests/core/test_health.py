"""`/healthz` and `/readyz`."""

import json

import pytest
import redis
from django.test import RequestFactory

from ajo.core import heartbeat
from ajo.core.health import healthz, readyz


@pytest.fixture
def beaten():
    for queue in heartbeat.QUEUES:
        heartbeat.heartbeat(queue)
    yield
    with heartbeat.client() as client:
        client.delete(*[f"{heartbeat.KEY}{queue}" for queue in heartbeat.QUEUES])


def ask():
    response = readyz(RequestFactory().get("/readyz"))
    return response.status_code, json.loads(response.content)


def test_a_living_process_says_so_without_asking_the_database():
    response = healthz(RequestFactory().get("/healthz"))

    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_all_parts_are_named_with_state_and_latency(beaten):
    status, found = ask()

    assert (status, found["state"]) == (200, "ok")
    assert {name: part["state"] for name, part in found["parts"].items()} == {
        "database": "ok",
        "redis": "ok",
        "workers": "ok",
    }
    assert all(part["latency_ms"] >= 0 for part in found["parts"].values())


@pytest.mark.django_db
def test_a_queue_that_nobody_serves_is_named(beaten):
    with heartbeat.client() as client:
        client.delete(f"{heartbeat.KEY}journeys")

    status, found = ask()

    assert (status, found["state"]) == (503, "failing")
    assert found["parts"]["workers"]["silent"] == ["journeys"]
    assert found["parts"]["database"]["state"] == "ok"


@pytest.mark.django_db
def test_a_redis_that_is_away_is_a_failing_part_and_no_error(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    status, found = ask()

    assert status == 503
    assert found["parts"]["redis"] | {"latency_ms": 0} == {
        "state": "failing",
        "reason": redis.ConnectionError.__name__,
        "latency_ms": 0,
    }


def test_every_queue_but_jobs_has_its_heartbeat():
    schedule = heartbeat.beat_schedule()

    assert {entry["options"]["queue"] for entry in schedule.values()} == set(heartbeat.QUEUES)
    assert all(entry["args"] == [entry["options"]["queue"]] for entry in schedule.values())
