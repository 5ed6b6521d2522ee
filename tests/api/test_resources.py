"""What the API's resources promise beyond who may call them."""

import pytest
from rest_framework.test import APIClient

from ajo.core.models import ApiKey, AuditEntry
from channels_app.models import Configuration
from journeys import versions
from journeys.engine import executor
from journeys.models import EventDefinition, JourneyVersion
from profiles.models import Namespace
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox():
    return make.sandbox()


@pytest.fixture
def api(sandbox):
    client = APIClient()
    client.force_login(make.user("ada", role="administrator", of=sandbox))
    return client


def waiting_journey(sandbox, **rules):
    """A live journey that holds people for a day."""
    definition = make.event_definition(sandbox)
    graph = make.chain(
        start=make.node("unitary_event", "Signed up", definition=definition.pk),
        wait=make.node("wait", "A day", method="duration", amount=1, unit="days"),
        end=make.node("end"),
    )
    return make.live(sandbox, graph, **rules)


# --- keys ---------------------------------------------------------------------------------------------------


def test_a_keys_secret_is_shown_once(api):
    made = api.post(
        "/api/v1/api-keys/", {"name": "Shop", "permissions": ["profiles.ingest"]}, format="json"
    ).json()

    again = api.get(f"/api/v1/api-keys/{made['id']}/").json()
    assert made["secret"].startswith(made["id"])
    assert "secret" not in again
    assert (
        APIClient(headers={"authorization": f"Api-Key {made['secret']}"})
        .get("/api/v1/sandboxes/")
        .status_code
        == 200
    )


def test_a_key_grants_no_more_than_its_maker_has(sandbox):
    secret = make.api_key(sandbox, "access.edit", "journeys.view")
    client = APIClient(headers={"authorization": f"Api-Key {secret}"})

    answer = client.post(
        "/api/v1/api-keys/", {"name": "x", "permissions": ["journeys.publish"]}, format="json"
    )

    assert answer.status_code == 403
    assert answer.json()["beyond"] == ["journeys.publish"]
    assert ApiKey.objects.count() == 1


def test_a_key_with_an_unknown_permission_is_refused(api):
    answer = api.post("/api/v1/api-keys/", {"name": "x", "permissions": ["everything"]}, format="json")

    assert answer.status_code == 400
    assert not ApiKey.objects.exists()


def test_a_revoked_key_stays_revoked(api, sandbox):
    secret = make.api_key(sandbox, "journeys.view")
    prefix = secret.partition(".")[0]

    first = api.post(f"/api/v1/api-keys/{prefix}/revoke/")
    second = api.post(f"/api/v1/api-keys/{prefix}/revoke/")

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["is_revoked"] is True
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1


# --- events -------------------------------------------------------------------------------------------------


def test_a_rule_with_a_mistake_is_refused_with_its_position(api, sandbox):
    body = {
        "name": "Signup",
        "rule": "event.eventType = ",
        "namespace": Namespace.objects.get(sandbox=sandbox, code="Email").pk,
    }

    answer = api.post("/api/v1/event-definitions/", body, format="json")

    assert answer.status_code == 400
    problem = answer.json()["problems"][0]
    assert problem["line"] == 1 and problem["column"] >= 1 and problem["message"]
    assert not EventDefinition.objects.exists()


def test_a_namespace_of_another_sandbox_is_refused(api):
    theirs = Namespace.objects.get(sandbox=make.sandbox(), code="Email")
    body = {"name": "Signup", "rule": 'event.eventType = "x"', "namespace": theirs.pk}

    assert api.post("/api/v1/event-definitions/", body, format="json").status_code == 400


def test_an_event_that_journeys_use_is_not_deleted(api, sandbox):
    version = waiting_journey(sandbox)
    definition = EventDefinition.objects.get(sandbox=sandbox)

    refused = api.delete(f"/api/v1/event-definitions/{definition.pk}/")
    api.post(f"/api/v1/journey-versions/{version.pk}/stop/")
    done = api.delete(f"/api/v1/event-definitions/{definition.pk}/")

    assert refused.status_code == 409
    assert refused.json()["journeys"] == [str(version)]
    assert done.status_code == 204


# --- configurations -----------------------------------------------------------------------------------------


SETTINGS = {
    "from_name": "Shop",
    "from_email": "hello@shop.example",
    "address_path": "personalEmail.address",
    "host": "smtp.shop.example",
    "port": 587,
    "security": "starttls",
    "username": "shop",
    "password": "very secret",
    "pool_size": 5,
}


def test_secrets_go_in_and_never_come_out(api):
    made = api.post("/api/v1/configurations/", {"name": "News", "settings": SETTINGS}, format="json")

    shown = api.get(f"/api/v1/configurations/{made.json()['id']}/")
    assert made.status_code == 201
    assert b"very secret" not in made.content + shown.content
    assert shown.json()["secrets_set"] == ["password"]
    assert Configuration.objects.get().secrets == {"password": "very secret"}
    assert "very secret" not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


def test_a_change_without_the_secret_keeps_it(api):
    made = api.post("/api/v1/configurations/", {"name": "News", "settings": SETTINGS}, format="json").json()

    api.patch(f"/api/v1/configurations/{made['id']}/", {"settings": {"port": 25}}, format="json")

    kept = Configuration.objects.get()
    assert kept.settings["port"] == 25
    assert kept.secrets == {"password": "very secret"}


def test_settings_are_checked_by_the_providers_form(api):
    wrong = SETTINGS | {"port": 99999, "from_email": "nobody", "color": "red"}

    answer = api.post("/api/v1/configurations/", {"name": "News", "settings": wrong}, format="json")

    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"port", "from_email", "color"}
    assert not Configuration.objects.exists()


def test_a_test_mail_that_is_not_taken_says_why(api, sandbox, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    configuration = make.configuration(sandbox, port=1)

    answer = api.post(
        f"/api/v1/configurations/{configuration.pk}/test/", {"address": "a@example.com"}, format="json"
    )

    assert answer.status_code == 422
    assert "cannot be reached" in answer.json()["detail"]


# --- journeys -----------------------------------------------------------------------------------------------


def test_a_stale_revision_is_refused_and_nothing_changes(api, sandbox):
    version = versions.create(sandbox, "J", actor="tests")
    graph = {"nodes": {"end": make.node("end")}, "edges": []}
    address = f"/api/v1/journey-versions/{version.pk}/graph/"

    first = api.put(address, {"graph": graph, "revision": 0}, format="json")
    second = api.put(address, {"graph": {"nodes": {}, "edges": []}, "revision": 0}, format="json")

    version.refresh_from_db()
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["type"] == "urn:problem:journey.stale_revision"
    assert version.revision == 1 and set(version.graph["nodes"]) == {"end"}


def test_a_published_graph_is_fixed(api, sandbox):
    version = waiting_journey(sandbox)
    address = f"/api/v1/journey-versions/{version.pk}/"

    graph = api.put(f"{address}graph/", {"graph": {}, "revision": version.revision}, format="json")
    rules = api.patch(address, {"allows_reentrance": False}, format="json")

    assert (graph.status_code, rules.status_code) == (409, 409)


def test_draw_check_publish_close(api, sandbox):
    made = api.post("/api/v1/journeys/", {"name": "Welcome"}, format="json").json()
    address = f"/api/v1/journey-versions/{made['versions'][0]['id']}/"
    definition = make.event_definition(sandbox)
    graph = make.chain(start=make.node("unitary_event", definition=definition.pk), end=make.node("end"))

    empty = api.post(f"{address}validate/").json()
    refused = api.post(f"{address}publish/")
    api.put(f"{address}graph/", {"graph": graph, "revision": 0}, format="json")
    published = api.post(f"{address}publish/")
    closed = api.post(f"{address}close/")

    assert empty["ok"] is False and empty["problems"][0]["code"] == "ERR_EMPTY"
    assert refused.status_code == 422
    assert published.json()["status"] == "live"
    assert closed.json()["status"] == "closed"


def test_a_graph_that_is_none_is_refused(api, sandbox):
    version = versions.create(sandbox, "J", actor="tests")

    answer = api.put(
        f"/api/v1/journey-versions/{version.pk}/graph/",
        {"graph": {"nodes": []}, "revision": 0},
        format="json",
    )

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"timezone": "Europe/Paris", "reentrance_wait_seconds": 60}, 200),
        ({"timezone": "Mars/Olympus"}, 400),
        ({"reentrance_wait_seconds": 90 * 86_400 + 1}, 400),
        ({"starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}, 400),
    ],
)
def test_entrance_rules_are_checked(api, sandbox, values, status):
    version = versions.create(sandbox, "J", actor="tests")

    assert api.patch(f"/api/v1/journey-versions/{version.pk}/", values, format="json").status_code == status


def test_only_a_journey_that_was_never_published_is_deleted(api, sandbox):
    draft = versions.create(sandbox, "J", actor="tests")
    live = waiting_journey(sandbox)

    assert api.delete(f"/api/v1/journeys/{draft.journey_id}/").status_code == 204
    assert api.delete(f"/api/v1/journeys/{live.journey_id}/").status_code == 409
    assert JourneyVersion.objects.count() == 1


def test_counts_steps_instances_and_refusals_of_a_version(api, sandbox):
    version = waiting_journey(sandbox)
    make.ingest(sandbox, make.event(sandbox))
    make.ingest(sandbox, make.event(sandbox))
    executor.run_once(make.NOW)
    address = f"/api/v1/journey-versions/{version.pk}/"

    counts = api.get(f"{address}counts/").json()["nodes"]
    steps = api.get(f"{address}steps/").json()["results"]
    instances = api.get(f"{address}instances/?state=waiting").json()["results"]
    refusals = api.get(f"{address}refusals/").json()["results"]

    assert counts["start"] == {"entered": 1, "waiting": 0, "exited": 1, "errors": 0, "outlets": {"next": 1}}
    assert counts["wait"]["waiting"] == 1
    waiting, started = steps
    assert (waiting["nodeName"], waiting["stepStatus"], waiting["entrance"]) == ("A day", "waiting", False)
    assert (started["nodeID"], started["entrance"], started["journeyVersionID"]) == (
        "start",
        True,
        str(version.pk),
    )
    assert [row["node_id"] for row in instances] == ["wait"]
    assert [row["code"] for row in refusals] == ["JOURNEY_INSTANCE_ID_NOT_CREATED"]
    assert refusals[0]["text"] == "The person was already inside this journey."
    by_instance = api.get(f"{address}steps/?instanceID={instances[0]['id']}").json()["results"]
    assert len(by_instance) == 2
    assert api.get(f"{address}steps/?instanceID=x").status_code == 400
