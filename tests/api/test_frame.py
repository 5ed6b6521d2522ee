"""What holds for the whole API: problems as JSON, the limit of requests, the description."""

from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import call_command
from rest_framework.test import APIClient

from ajo.core.api.throttling import PerCaller
from tests import factories as make

SNAPSHOT = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.yaml"


@pytest.mark.django_db
def test_too_many_requests_are_refused_as_problem_json(monkeypatch):
    cache.clear()
    monkeypatch.setattr(PerCaller, "THROTTLE_RATES", {"caller": "2/min"})
    client = APIClient(headers={"authorization": f"Api-Key {make.api_key(make.sandbox(), 'journeys.view')}"})

    statuses = [client.get("/api/v1/journeys/").status_code for _ in range(2)]
    answer = client.get("/api/v1/journeys/")

    assert statuses == [200, 200]
    assert answer.status_code == 429
    assert answer["Content-Type"] == "application/problem+json"
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["status"] == 429
    cache.clear()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "address", "status"),
    [("get", "/api/v1/journeys/", 401), ("get", "/api/v1/nothing/", 404), ("post", "/api/v1/journeys/", 401)],
)
def test_refusals_are_problem_json(method, address, status):
    answer = getattr(APIClient(), method)(address)

    assert answer.status_code == status
    if address != "/api/v1/nothing/":
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["type"].startswith("urn:problem:")


def test_the_description_is_current(tmp_path):
    """After a change: python manage.py spectacular --file docs/api/openapi.yaml"""
    made = tmp_path / "openapi.yaml"

    call_command("spectacular", file=str(made), fail_on_warn=True)

    assert made.read_text() == SNAPSHOT.read_text()
