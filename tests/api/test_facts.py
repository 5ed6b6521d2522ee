"""People, messages, parked records, inlets, operations, expressions and the palette through the API."""

import pytest
from rest_framework.test import APIClient

from ajo.core import clock
from ajo.core.models import AuditEntry
from ajo.core.permissions import ROLES
from channels_app.models import Content, Message, MessageEvent
from profiles.models import InboxRow, Inlet, ParkedRecord
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


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=ina@example.com", ["Ina"]),
        ("search=INA@EXAMPLE.COM", ["Ina"]),
        ("search=okaf", ["Ina"]),
        ("search=ina okafor", ["Ina"]),
        ("search=nobody", []),
        ("namespace=Email&identity=yuki@example.com", ["Yuki"]),
        ("namespace=CRMID&identity=yuki@example.com", []),
        ("", ["Yuki", "Ina"]),
    ],
)
def test_people_are_found_by_identity_and_name(api, sandbox, query, found):
    make.person(sandbox, "ina@example.com", person={"name": {"firstName": "Ina", "lastName": "Okafor"}})
    make.person(sandbox, "yuki@example.com", person={"name": {"firstName": "Yuki"}})
    make.person(make.sandbox(), "ina@example.com", person={"name": {"firstName": "Other"}})

    rows = api.get(f"/api/v1/profiles/?{query}").json()["results"]

    assert [row["attributes"]["person"]["name"]["firstName"] for row in rows] == found


def test_a_merged_id_leads_to_the_person(api, sandbox):
    first, second = make.person(sandbox, "a@example.com"), make.person(sandbox, "b@example.com")
    make.ingest(
        sandbox,
        make.event(sandbox, identityMap={"Email": [{"id": "a@example.com"}, {"id": "b@example.com"}]}),
    )

    answer = api.get(f"/api/v1/profiles/{max(first.pk, second.pk)}/").json()

    assert answer["id"] == min(first.pk, second.pk)
    assert {identity["value"] for identity in answer["identities"]} == {"a@example.com", "b@example.com"}


def failed_message(sandbox) -> Message:
    content = Content.objects.create(
        sandbox=sandbox,
        configuration=make.configuration(sandbox),
        channel="email",
        parts={"subject": "Hello"},
    )
    person = make.person(sandbox)
    return Message.objects.create(
        sandbox=sandbox,
        profile_id=person.pk,
        content=content,
        message_type="marketing",
        state="failed",
        reason="554",
    )


def test_a_failed_message_is_sent_again_once(api, sandbox):
    message = failed_message(sandbox)
    address = f"/api/v1/messages/{message.pk}/requeue/"

    first, second = api.post(address), api.post(address)

    message.refresh_from_db()
    assert (first.status_code, second.status_code) == (200, 409)
    assert (message.state, message.reason) == ("queued", None)


def test_a_message_tells_its_events_in_words(api, sandbox):
    message = failed_message(sandbox)
    MessageEvent.objects.create(
        sandbox=sandbox, message_id=message.pk, profile_id=message.profile_id, kind="skipped", reason="050101"
    )

    events = api.get(f"/api/v1/messages/{message.pk}/").json()["events"]

    assert [(event["kind"], event["reason_text"]) for event in events] == [
        ("skipped", "No consent for email.")
    ]


def test_a_parked_record_is_mended_and_replayed_once(api, sandbox):
    good, inlet = make.event(sandbox), Inlet.objects.get(sandbox=sandbox)
    parked = ParkedRecord.objects.create(
        sandbox=sandbox, inlet_id=inlet.pk, message="{}", code="x", reason="x", received_at=clock.now()
    )
    address = f"/api/v1/parked-records/{parked.pk}/replay/"

    wrong = api.post(address, {"message": {"header": {}}}, format="json")
    assert wrong.status_code == 400 and InboxRow.objects.count() == 0
    first = api.post(address, {"message": good}, format="json")
    second = api.post(address, {}, format="json")

    parked.refresh_from_db()
    assert first.json() == {"changed": 1} and second.json() == {"changed": 0}
    assert InboxRow.objects.count() == 1
    assert (parked.status, parked.settled_by) == ("replayed", "ada")


def test_a_discarded_record_is_not_replayed(api, sandbox):
    parked = ParkedRecord.objects.create(
        sandbox=sandbox, message="{}", code="x", reason="x", received_at=clock.now()
    )

    api.post(f"/api/v1/parked-records/{parked.pk}/discard/")
    api.post("/api/v1/parked-records/replay/", {"ids": [parked.pk]}, format="json")

    parked.refresh_from_db()
    assert parked.status == "discarded"
    assert InboxRow.objects.count() == 0


def test_many_records_of_another_sandbox_stay_parked(api):
    theirs = make.sandbox()
    parked = ParkedRecord.objects.create(
        sandbox=theirs, message="{}", code="x", reason="x", received_at=clock.now()
    )

    answer = api.post("/api/v1/parked-records/replay/", {"ids": [parked.pk]}, format="json")

    parked.refresh_from_db()
    assert answer.json() == {"changed": 0}
    assert parked.status == "parked"


def test_operations_count_what_waits(api, sandbox):
    failed_message(sandbox)
    ParkedRecord.objects.create(sandbox=sandbox, message="{}", code="x", reason="x", received_at=clock.now())
    InboxRow.objects.create(sandbox=sandbox, shard=1, message="{}")

    state = api.get("/api/v1/operations/").json()

    assert (state["stuck"], state["inbox"]["waiting"], state["parked"]) == (0, 1, 1)
    assert state["outbox"]["marketing"]["waiting"] == 0


def test_an_inlets_address_is_for_those_who_may_change_it(sandbox):
    for role in ROLES:
        client = APIClient()
        client.force_login(make.user(role, role=role, of=sandbox))
        shown = client.get("/api/v1/inlets/").json()["results"][0]["address"]
        assert (shown is not None) is (role != "analyst")


def test_a_renewed_inlet_has_another_address(api, sandbox):
    inlet = Inlet.objects.get(sandbox=sandbox)

    answer = api.post(f"/api/v1/inlets/{inlet.pk}/renew-key/").json()

    assert inlet.key not in answer["address"]
    assert AuditEntry.objects.filter(action="inlet.key_renewed").count() == 1


@pytest.mark.parametrize(
    ("text", "want", "ok"),
    [
        ('profile.loyalty.tier = "gold"', "bool", True),
        ("profile.loyalty.points + 1", "number", True),
        ("profile.", "bool", False),
        ("nothing(", "bool", False),
    ],
)
def test_expressions_are_checked(api, text, want, ok):
    answer = api.post("/api/v1/expressions/check/", {"text": text, "want": want}, format="json").json()

    assert answer["ok"] is ok
    assert bool(answer["errors"]) is not ok


def test_the_palette_describes_its_forms(api, sandbox):
    definition = make.event_definition(sandbox)

    kinds = {row["kind"]: row for row in api.get("/api/v1/node-types/").json()}

    assert {"unitary_event", "condition", "wait", "email", "end"} <= set(kinds)
    fields = {field["name"]: field for field in kinds["unitary_event"]["params"]}
    assert fields["definition"]["choices"] == [[definition.pk, "Signup"]]
