"""The doors that take volume: what they accept, what they refuse and how they say it."""

import orjson
import pytest
from django.db import OperationalError, connection

from profiles.ingest import accept
from profiles.models import InboxRow, Inlet, Profile
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox():
    return make.sandbox()


@pytest.fixture
def url(sandbox):
    return f"/collection/{Inlet.objects.get(sandbox=sandbox).key}"


def send(client, url, body):
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.post(url, raw, content_type="application/json")


def test_an_accepted_message_is_a_row(client, sandbox, url):
    answer = send(client, url, make.event(sandbox))

    assert answer.status_code == 200
    body = answer.json()
    assert body["inletId"] == url.rsplit("/", 1)[-1]
    assert body["syncValidation"] == {"skipped": True}
    assert InboxRow.objects.filter(sandbox=sandbox).count() == 1


def test_sync_validation_passes(client, sandbox, url):
    answer = send(client, f"{url}?syncValidation=true", make.event(sandbox))

    assert answer.json()["syncValidation"] == {"status": "pass"}


def test_a_batch_answers_each_message_in_order(client, sandbox, url):
    good, bad = make.event(sandbox), make.event(sandbox, timestamp="yesterday")
    inlet = url.rsplit("/", 1)[-1]

    answer = send(client, f"/collection/batch/{inlet}", {"messages": [good, bad, good]})

    assert answer.status_code == 207
    first, second, third = answer.json()["responses"]
    assert "xactionId" in first and "xactionId" in third
    assert second["statusCode"] == 400
    assert "timestamp must be" in second["message"]
    assert InboxRow.objects.count() == 2


def test_a_database_that_is_away_is_said_so_that_the_sender_comes_again(client, sandbox, url):
    def away(*args):
        raise OperationalError("server closed the connection unexpectedly")

    message = make.event(sandbox)
    accept._inlets.clear()
    with connection.execute_wrapper(away):
        answer = send(client, url, message)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["type"] == "urn:problem:ingest.not_stored"
    assert InboxRow.objects.count() == 0


def entity(**changes):
    return lambda sandbox: make.event(sandbox, **changes)


def many_identities(sandbox):
    return make.event(sandbox, identityMap={"Email": [{"id": f"p{n}@example.com"} for n in range(10_000)]})


def unknown_schema(sandbox):
    message = make.event(sandbox)
    message["header"]["schemaRef"]["id"] = "https://example.org/schemas/none"
    return message


def unknown_dataset(sandbox):
    message = make.event(sandbox)
    message["header"]["datasetId"] = "none"
    return message


def deep(sandbox):
    value = "x"
    for _ in range(100):
        value = {"a": value}
    return make.event(sandbox, deep=value)


BAD = [
    ("not json", lambda s: b"{", "not valid JSON"),
    ("a lone surrogate", lambda s: b'{"a": "\\ud800"}', "not valid JSON"),
    ("a list", lambda s: [], "A message is an object"),
    ("no header", lambda s: {"body": {"xdmEntity": {}}}, "header is missing"),
    ("no entity", lambda s: {"header": {}, "body": {}}, "body.xdmEntity is missing"),
    ("an unknown schema", unknown_schema, "There is no schema"),
    ("an unknown dataset", unknown_dataset, "There is no dataset"),
    ("no identity", entity(identityMap={}), "No identity of a person"),
    ("an unknown namespace", entity(identityMap={"Nope": [{"id": "x"}]}), "There is no identity namespace"),
    ("an identity that is a number", entity(identityMap={"Email": [{"id": 7}]}), "which is a text"),
    ("an identity that is a list", entity(identityMap={"Email": {"id": "x"}}), "holds a list"),
    ("a useless identity", entity(identityMap={"CRMID": [{"id": "null"}]}), "cannot identify anybody"),
    ("a short ECID", entity(identityMap={"ECID": [{"id": "123"}]}), "38 digits"),
    ("10,000 identities", many_identities, "at most 20 identities"),
    ("a NUL in a text", entity(note="a\x00b"), "NUL"),
    ("a NUL in a name", entity(**{"na\x00me": "x"}), "NUL"),
    ("no timestamp", entity(timestamp=None), "timestamp is missing"),
    ("the year 0", entity(timestamp="0000-01-01T00:00:00Z"), "RFC 3339"),
    ("the year 9999", entity(timestamp="9999-12-31T23:59:59-12:00"), "between 1970"),
    ("before 1970", entity(timestamp="1969-12-31T23:59:59Z"), "between 1970"),
    ("an event type that is an object", entity(eventType={}), "eventType must be"),
    ("an id that is a number", entity(_id=5), "_id is missing"),
    ("deep nesting", deep, "nested deeper"),
    ("an oversized message", entity(blob="x" * 1_000_001), "at most 1,000,000 bytes"),
]


@pytest.mark.parametrize(("body", "says"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_refused_with_a_reason(client, sandbox, url, body, says):
    answer = send(client, url, body(sandbox))

    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert says in answer.json()["detail"]
    assert InboxRow.objects.count() == 0


def test_an_oversized_body_is_refused_unread(client, url):
    answer = client.post(url, b"x", content_type="application/json", CONTENT_LENGTH="10000001")

    assert answer.status_code == 413


def test_an_unknown_inlet(client):
    assert send(client, "/collection/none", {}).status_code == 404


def test_reading_an_inlet_is_not_possible(client, url):
    assert client.get(url).status_code == 405


def test_a_deep_bomb_is_refused(client, url):
    assert send(client, url, b"[" * 100_000).status_code == 400


def test_an_authenticated_inlet_needs_a_key_of_its_sandbox(client, sandbox, url):
    Inlet.objects.filter(sandbox=sandbox).update(needs_api_key=True)
    message = make.event(sandbox)
    other = make.api_key(make.sandbox(), "profiles.ingest")
    powerless = make.api_key(sandbox, "profiles.view")
    good = make.api_key(sandbox, "profiles.ingest")

    def status(**headers):
        return client.post(
            url, orjson.dumps(message), content_type="application/json", headers=headers
        ).status_code

    assert status() == 401
    assert status(authorization="Bearer nonsense") == 401
    assert status(authorization=f"Bearer {other}") == 403
    assert status(authorization=f"Bearer {powerless}") == 403
    assert status(authorization=f"Bearer {good}") == 200
    assert InboxRow.objects.count() == 1


def test_an_event_without_id_gets_one(sandbox):
    message = make.event(sandbox)
    del message["body"]["xdmEntity"]["_id"]

    make.ingest(sandbox, message)

    assert Profile.objects.filter(sandbox=sandbox).count() == 1
