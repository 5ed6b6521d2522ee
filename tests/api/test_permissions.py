"""Who may call what: every endpoint, every method, every role; and nobody sees another sandbox."""

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from ajo import urls_api
from ajo.core import clock
from ajo.core.models import ApiKey, AuditEntry, Sandbox
from ajo.core.permissions import ROLES
from channels_app.models import Content, Message, Suppression
from journeys import versions
from journeys.models import Journey
from profiles.models import Dataset, Inlet, Namespace, ParkedRecord, Schema
from tests import factories as make

pytestmark = pytest.mark.django_db

# resource -> action -> the permission it needs; None: any role. What is not here is no endpoint.
READ, WRITE = {"list", "retrieve"}, {"create", "update", "partial_update", "destroy"}
NEEDS: dict[str, dict[str, str | None]] = {
    "api-sandbox": dict.fromkeys(READ),
    "api-api-key": dict.fromkeys(READ | {"create", "revoke"}, "access.edit"),
    "api-audit-entry": dict.fromkeys(READ, "audit.view"),
    "api-namespace": dict.fromkeys(READ, "configurations.view"),
    "api-schema": dict.fromkeys(READ, "configurations.view"),
    "api-dataset": dict.fromkeys(READ, "configurations.view"),
    "api-inlet": dict.fromkeys(READ, "configurations.view")
    | dict.fromkeys(WRITE | {"renew_key"}, "configurations.edit"),
    "api-parked-record": dict.fromkeys(READ, "operations.view")
    | dict.fromkeys({"replay", "discard", "replay_many", "discard_many"}, "operations.replay"),
    "api-configuration": dict.fromkeys(READ, "configurations.view")
    | dict.fromkeys(WRITE | {"test"}, "configurations.edit"),
    "api-message": dict.fromkeys(READ, "messages.view")
    | dict.fromkeys({"requeue", "requeue_many"}, "operations.replay"),
    "api-suppression": dict.fromkeys(READ, "messages.view")
    | dict.fromkeys({"create", "destroy"}, "configurations.edit"),
    "api-event-definition": dict.fromkeys(READ, "configurations.view")
    | dict.fromkeys(WRITE, "configurations.edit"),
    "api-journey": dict.fromkeys(READ, "journeys.view")
    | dict.fromkeys(WRITE | {"duplicate", "new_version"}, "journeys.edit"),
    "api-journey-version": dict.fromkeys(
        {"retrieve", "validate", "counts", "steps", "instances", "refusals"}, "journeys.view"
    )
    | dict.fromkeys({"graph", "partial_update"}, "journeys.edit")
    | dict.fromkeys({"publish", "close", "stop"}, "journeys.publish"),
    "api-node-type": dict.fromkeys(READ, "journeys.view"),
    "api-profile": dict.fromkeys(READ | {"events", "messages", "consents", "timeline"}, "profiles.view"),
    "api-operations": {"get": "operations.view"},
    "api-expression-check": {"post": "journeys.view"},
}


def endpoints() -> list[tuple[str, str, str, str]]:
    """(resource, action, method, address pattern) of everything under /api/v1/, as the router has it."""
    found = []

    def walk(patterns, prefix: str) -> None:
        for entry in patterns:
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, prefix + str(entry.pattern))
            elif isinstance(entry, URLPattern):
                callback = entry.callback
                actions = getattr(callback, "actions", None)
                resource = callback.initkwargs.get("basename") if actions else entry.name
                methods = actions or {
                    m: m for m in callback.cls.http_method_names if hasattr(callback.cls, m)
                }
                for method, action in methods.items():
                    if method not in ("head", "options"):
                        found.append((resource, action, method, f"/api/v1/{prefix}{entry.pattern}"))

    walk(urls_api.urlpatterns, "")
    return found


ENDPOINTS = endpoints()


def address(pattern: str, wanted: str) -> str:
    return re.sub(r"\(\?P<\w+>[^)]*\)", wanted, pattern).replace("^", "").replace("$", "").replace("\\", "")


def test_every_endpoint_is_in_the_table():
    assert {(resource, action) for resource, action, *_ in ENDPOINTS} == {
        (resource, action) for resource, actions in NEEDS.items() for action in actions
    }


def test_the_router_is_what_is_served():
    resolver = get_resolver()

    for _, _, _, pattern in ENDPOINTS:
        assert resolver.resolve(address(pattern, "1")) is not None


@pytest.mark.parametrize(("resource", "action", "method", "pattern"), ENDPOINTS)
def test_each_role_may_do_what_the_table_says(resource, action, method, pattern):
    sandbox = Sandbox.objects.create(name="a", title="A")
    needed = NEEDS[resource][action]

    statuses = {}
    for role in (None, *ROLES):
        client = APIClient()
        if role:
            client.force_login(make.user(role, role=role, of=sandbox))
        statuses[role] = getattr(client, method)(address(pattern, "987654321"), {}, format="json").status_code

    assert statuses.pop(None) == 401
    refused = {role for role, status in statuses.items() if status in (401, 403)}
    assert refused == {role for role in ROLES if needed is not None and needed not in ROLES[role]}, statuses


def things_of(sandbox) -> dict[str, str]:
    """The id of one row of every resource in the sandbox."""
    person = make.person(sandbox)
    configuration = make.configuration(sandbox)
    content = Content.objects.create(sandbox=sandbox, configuration=configuration, channel="email", parts={})
    message = Message.objects.create(
        sandbox=sandbox, profile_id=person.pk, content=content, message_type="marketing", state="failed"
    )
    parked = ParkedRecord.objects.create(
        sandbox=sandbox, message="{}", code="x", reason="x", received_at=clock.now()
    )
    version = versions.create(sandbox, "A journey", actor="tests")
    make.api_key(sandbox, "journeys.view")
    return {
        "api-sandbox": sandbox.name,
        "api-api-key": ApiKey.objects.get(sandbox=sandbox).prefix,
        "api-audit-entry": AuditEntry.objects.filter(sandbox=sandbox).first().pk,
        "api-namespace": Namespace.objects.filter(sandbox=sandbox).first().pk,
        "api-schema": Schema.objects.filter(sandbox=sandbox).first().pk,
        "api-dataset": Dataset.objects.filter(sandbox=sandbox).first().pk,
        "api-inlet": Inlet.objects.get(sandbox=sandbox).pk,
        "api-parked-record": parked.pk,
        "api-configuration": configuration.pk,
        "api-message": message.pk,
        "api-suppression": Suppression.objects.create(
            sandbox=sandbox, address="a@example.com", reason="manual"
        ).pk,
        "api-event-definition": make.event_definition(sandbox).pk,
        "api-journey": version.journey_id,
        "api-journey-version": version.pk,
        "api-profile": person.pk,
    }


DETAILS = [e for e in ENDPOINTS if "(?P<" in e[3] and e[0] != "api-node-type"]


@pytest.mark.parametrize(("resource", "action", "method", "pattern"), DETAILS)
def test_another_sandboxes_ids_do_not_exist(resource, action, method, pattern):
    mine, theirs = make.sandbox(), make.sandbox()
    their_id = str(things_of(theirs)[resource])
    client = APIClient()
    client.force_login(make.user(role="administrator", of=mine))

    answer = getattr(client, method)(address(pattern, their_id), {}, format="json")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


READS = [e for e in DETAILS if e[2] == "get"]


@pytest.mark.parametrize(("resource", "action", "method", "pattern"), READS)
def test_the_own_sandboxes_ids_do(resource, action, method, pattern):
    sandbox = make.sandbox()
    own_id = str(things_of(sandbox)[resource])
    client = APIClient()
    client.force_login(make.user(role="administrator", of=sandbox))

    assert client.get(address(pattern, own_id)).status_code == 200


LISTS = [e for e in ENDPOINTS if e[1] == "list" and e[0] != "api-node-type"]


@pytest.mark.parametrize(("resource", "action", "method", "pattern"), LISTS)
def test_lists_show_the_keys_own_sandbox_only(resource, action, method, pattern):
    mine, theirs = make.sandbox(), make.sandbox()
    own_id, their_id = str(things_of(mine)[resource]), str(things_of(theirs)[resource])
    secret = make.api_key(mine, "access.edit", "audit.view", *(n for n in ROLES["analyst"]))
    client = APIClient(headers={"authorization": f"Api-Key {secret}"})

    body = client.get(address(pattern, "") + "?page_size=500").json()

    shown = {str(row.get("id", row.get("name"))) for row in body["results"]}
    assert own_id in shown
    assert their_id not in shown


def test_a_key_of_another_sandbox_reaches_nothing():
    mine, theirs = make.sandbox(), make.sandbox()
    version = versions.create(theirs, "Theirs", actor="tests")
    client = APIClient(headers={"authorization": f"Api-Key {make.api_key(mine, *ROLES['administrator'])}"})

    answer = client.delete(f"/api/v1/journeys/{version.journey_id}/")

    assert answer.status_code == 404
    assert Journey.objects.filter(pk=version.journey_id).exists()


def test_a_revoked_key_is_no_key():
    sandbox = make.sandbox()
    secret = make.api_key(sandbox, "journeys.view")
    ApiKey.objects.filter(sandbox=sandbox).update(revoked=True)
    client = APIClient(headers={"authorization": f"Api-Key {secret}"})

    assert client.get("/api/v1/journeys/").status_code == 401
