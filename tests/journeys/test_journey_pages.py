"""The journey pages: who may see and do what, what they answer, and that no edit is lost."""

import json

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.test import Client
from django.urls import reverse

from ajo.asgi import application
from journeys import drafts, versions
from journeys.models import Journey, JourneyVersion, NodeTally
from tests import factories as make

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def sandbox():
    return make.sandbox("shop")


@pytest.fixture
def ana(sandbox):
    """A marketer of the sandbox."""
    return signed_in(make.user("ana", role="marketer", of=sandbox))


@pytest.fixture
def alan(sandbox):
    """An analyst: sees everything, changes nothing."""
    return signed_in(make.user("alan", role="analyst", of=sandbox))


@pytest.fixture
def charlie():
    """A marketer of another sandbox, who must see nothing."""
    return signed_in(make.user("charlie", role="marketer", of=make.sandbox("elsewhere")))


@pytest.fixture
def draft(sandbox) -> JourneyVersion:
    """A draft with an event and a wait."""
    version = versions.create(sandbox, "Welcome", actor="ana")
    event = {
        "op": "insert",
        "kind": "unitary_event",
        "params": {"definition": make.event_definition(sandbox).pk},
    }
    drafts.apply(version.pk, event, revision=0, actor="ana", sandbox=sandbox)
    wait = {"op": "insert", "kind": "wait", "at": "n1", "outlet": "next"}
    return drafts.apply(version.pk, wait, revision=1, actor="ana", sandbox=sandbox).version


PAGES = [
    ("get", "canvas", ()),
    ("get", "refresh", ()),
    ("get", "counts", ()),
    ("get", "problems", ()),
    ("get", "settings", ()),
    ("get", "node", ("n1",)),
    ("get", "places", ("n1", "move")),
    ("get", "publish", ()),
    ("post", "operations", ()),
    ("post", "node", ("n1",)),
    ("post", "settings", ()),
    ("post", "publish", ()),
    ("post", "new-version", ()),
]


@pytest.mark.parametrize(("method", "name", "more"), PAGES)
def test_what_belongs_to_another_sandbox_does_not_exist(charlie, draft, method, name, more):
    answer = getattr(charlie, method)(reverse(f"journeys:{name}", args=[draft.pk, *more]))

    assert answer.status_code == 404


@pytest.mark.parametrize(("method", "name", "more"), PAGES)
def test_everybody_signs_in_first(draft, method, name, more):
    answer = getattr(Client(), method)(reverse(f"journeys:{name}", args=[draft.pk, *more]))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("login"))


@pytest.mark.parametrize(
    ("method", "name", "more"),
    [page for page in PAGES if page[0] == "post" or page[1] in ("places", "publish")],
)
def test_an_analyst_changes_nothing(alan, draft, method, name, more):
    answer = getattr(alan, method)(
        reverse(f"journeys:{name}", args=[draft.pk, *more]), {"op": "undo", "revision": 2}
    )

    draft.refresh_from_db()
    assert answer.status_code == 403
    assert (draft.revision, draft.status) == (2, "draft")


def test_an_analyst_sees_the_canvas_without_tools(alan, draft):
    page = alan.get(reverse("journeys:canvas", args=[draft.pk])).content.decode()

    assert 'id="node-n1"' in page
    assert 'class="palette"' not in page
    assert 'class="spot"' not in page


def test_the_canvas_shows_nodes_lines_open_ends_and_the_palette(ana, draft):
    page = ana.get(reverse("journeys:canvas", args=[draft.pk])).content.decode()

    assert 'id="node-n1"' in page
    assert 'id="line-e1"' in page
    assert 'id="end-n2-next"' in page
    assert 'data-kind="condition"' in page
    assert 'data-name="Signup"' in page


def test_an_operation_answers_the_changed_parts(ana, draft):
    values = {"op": "insert", "kind": "email", "edge": "e1", "revision": 2}

    answer = ana.post(reverse("journeys:operations", args=[draft.pk]), values, headers=HTMX)

    changed = json.loads(answer.headers["HX-Trigger-After-Settle"])["canvas:changed"]
    body = answer.content.decode()
    assert answer.status_code == 200
    assert (changed["selected"], changed["revision"], changed["is_new"]) == ("n3", 3, True)
    assert 'id="canvas" hx-swap-oob="morph"' in body
    assert 'value="3"' in body


def test_an_operation_may_be_json(ana, draft):
    address = reverse("journeys:operations", args=[draft.pk])

    answer = ana.post(address, {"op": "delete", "node": "n2", "revision": 2}, content_type="application/json")

    draft.refresh_from_db()
    assert answer.status_code == 200
    assert list(draft.graph["nodes"]) == ["n1"]


def test_a_bad_operation_says_why(ana, draft):
    answer = ana.post(
        reverse("journeys:operations", args=[draft.pk]),
        {"op": "delete", "node": "n9", "revision": 2},
        headers=HTMX,
    )

    assert answer.status_code == 422
    assert "not on the canvas any more" in json.loads(answer.headers["HX-Trigger"])["toast"]["message"]


def test_of_two_editors_the_second_is_told_and_nothing_is_lost(ana, sandbox, draft):
    bob = signed_in(make.user("bob", role="marketer", of=sandbox))
    panel = reverse("journeys:node", args=[draft.pk, "n2"])
    ana.post(panel, {"label": "A while", "method": "duration", "amount": 3, "unit": "days", "revision": 2})

    late = bob.post(
        panel, {"label": "Bob's", "method": "duration", "amount": 9, "unit": "days", "revision": 2}
    )
    draft.refresh_from_db()
    after_refusal = draft.graph["nodes"]["n2"]
    again = bob.post(
        panel, {"label": "Bob's", "method": "duration", "amount": 9, "unit": "days", "revision": 3}
    )
    draft.refresh_from_db()

    assert late.status_code == 409
    assert late.headers["HX-Retarget"] == "#notice"
    assert "ana changed this draft" in late.content.decode()
    assert after_refusal["label"] == "A while"
    assert again.status_code == 200
    assert draft.graph["nodes"]["n2"]["params"]["amount"] == 9
    assert draft.edits.count() == 4


def test_a_draft_keeps_what_is_not_right_yet_and_says_so(ana, draft):
    panel = reverse("journeys:node", args=[draft.pk, "n2"])

    answer = ana.post(
        panel, {"label": "", "method": "duration", "amount": "many", "unit": "days", "revision": 2}
    )

    draft.refresh_from_db()
    assert answer.status_code == 200
    assert draft.graph["nodes"]["n2"]["params"]["amount"] == "many"
    assert "Enter a whole number." in answer.content.decode()
    assert 'value="many"' in ana.get(panel).content.decode()


def test_an_empty_field_of_a_draft_is_asked_for_gently(ana, draft, sandbox):
    insert = {"op": "insert", "kind": "email", "at": "n2", "outlet": "next"}
    drafts.apply(draft.pk, insert, revision=2, actor="ana", sandbox=sandbox)

    page = ana.get(reverse("journeys:node", args=[draft.pk, "n3"])).content.decode()

    assert "Needed before publishing" in page
    assert "This field is required" not in page


@pytest.mark.parametrize(
    ("expression", "said"),
    [('profile.tier = "gold"', "This works"), ("profile.tier ==", "invalid-note"), ("", "")],
)
def test_expressions_are_checked_while_they_are_written(ana, expression, said):
    answer = ana.post(reverse("journeys:check-expression"), {"expression": expression, "want": "bool"})

    assert answer.status_code == 200
    assert said in answer.content.decode()


def test_publishing_lists_what_stands_in_the_way(ana, sandbox):
    empty = versions.create(sandbox, "Empty", actor="ana")

    dialog = ana.get(reverse("journeys:publish", args=[empty.pk])).content.decode()
    answer = ana.post(reverse("journeys:publish", args=[empty.pk]), headers=HTMX)

    assert "Not ready to publish" in dialog
    assert "Publish now" not in dialog
    assert answer.status_code == 422
    assert JourneyVersion.objects.get(pk=empty.pk).status == "draft"


def test_publish_close_and_stop(ana, draft):
    address = {name: reverse(f"journeys:{name}", args=[draft.pk]) for name in ("publish", "close", "stop")}

    def status() -> str:
        return JourneyVersion.objects.get(pk=draft.pk).status

    assert "Publish now" in ana.get(address["publish"]).content.decode()
    assert ana.post(address["publish"], headers=HTMX).headers["HX-Redirect"]
    assert status() == "live"
    assert "Nobody new comes in" in ana.get(address["close"]).content.decode()
    ana.post(address["close"], headers=HTMX)
    assert status() == "closed"
    assert ana.post(address["stop"], {"typed": "something else"}, headers=HTMX).status_code == 422
    assert status() == "closed"
    ana.post(address["stop"], {"typed": "Welcome"}, headers=HTMX)
    assert status() == "stopped"


def test_a_new_version_begins_as_the_latest_and_is_made_once(ana, draft):
    versions.publish(draft, actor="ana")
    address = reverse("journeys:new-version", args=[draft.pk])

    first, second = ana.post(address), ana.post(address)

    assert first.headers["Location"] == second.headers["Location"]
    assert draft.journey.versions.count() == 2


def test_settings_change_the_draft_and_refuse_a_taken_name(ana, draft, sandbox):
    versions.create(sandbox, "Taken", actor="ana")
    address = reverse("journeys:settings", args=[draft.pk])
    values = {"name": "Hello", "wait_amount": 2, "wait_unit": "3600", "timezone": "Europe/Paris"}

    ana.post(address, values | {"starts_at": "2026-12-01T09:00"}, headers=HTMX)
    refused = ana.post(address, values | {"name": "Taken"}, headers=HTMX)

    draft.refresh_from_db()
    draft.journey.refresh_from_db()
    assert draft.journey.name == "Hello"
    assert (draft.reentrance_wait_seconds, draft.allows_reentrance) == (7_200, False)
    assert draft.starts_at.isoformat() == "2026-12-01T08:00:00+00:00"
    assert refused.status_code == 409


def test_the_list_finds_sorts_and_filters_within_the_sandbox(ana, charlie, draft, sandbox):
    for name in ("Birthday", "Abandoned cart"):
        versions.create(sandbox, name, actor="ana")
    versions.publish(draft, actor="ana")
    address = reverse("journeys:list")

    def names(client: Client, **query: str) -> list[str]:
        return [row.journey.name for row in client.get(address, query).context["rows"]]

    assert names(ana, sort="name") == ["Abandoned cart", "Birthday", "Welcome"]
    assert names(ana, sort="-name")[0] == "Welcome"
    assert names(ana, q="cart") == ["Abandoned cart"]
    assert names(ana, status="live") == ["Welcome"]
    assert names(charlie) == []
    assert "Draw your first journey" in charlie.get(address).content.decode()
    assert "No journey fits" in ana.get(address, {"q": "zzz"}).content.decode()


def test_the_list_asks_the_database_the_same_number_of_times_for_many(
    ana, sandbox, draft, django_assert_max_num_queries
):
    for number in range(20):
        versions.create(sandbox, f"Journey {number}", actor="ana")

    with django_assert_max_num_queries(12):
        ana.get(reverse("journeys:list"))


def test_create_and_duplicate_lead_to_the_canvas(ana, draft):
    created = ana.post(reverse("journeys:create"), {"name": "Fresh"}, headers=HTMX)
    taken = ana.post(reverse("journeys:create"), {"name": "Fresh"}, headers=HTMX)
    copied = ana.post(reverse("journeys:duplicate", args=[draft.journey_id]))

    assert created.headers["HX-Redirect"].startswith("/journeys/")
    assert "There is a journey with this name already." in taken.content.decode()
    assert copied.status_code == 302
    assert Journey.objects.filter(name="Welcome_copy").exists()


def test_a_page_of_another_theme_is_painted_at_once(ana):
    ana.cookies["theme"] = "dark"

    assert '<html lang="en" data-bs-theme="dark"' in ana.get(reverse("journeys:list")).content.decode()


def test_pages_carry_a_strict_content_policy(ana):
    policy = ana.get(reverse("journeys:list")).headers["Content-Security-Policy"]

    assert "script-src 'self' 'nonce-" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.django_db(transaction=True)
def test_live_counts_come_over_the_socket_to_those_who_may_see_them():
    sandbox = make.sandbox("shop")
    version = versions.create(sandbox, "Welcome", actor="ana")
    JourneyVersion.objects.filter(pk=version.pk).update(status="live")
    NodeTally.objects.create(version=version, node_id="n1", hour=make.NOW, entered=5, exited=3, errors=1)
    ana = signed_in(make.user("ana", role="analyst", of=sandbox))
    charlie = signed_in(make.user("charlie", role="marketer", of=make.sandbox("elsewhere")))

    to_charlie = async_to_sync(socket_says)(charlie, version.pk)
    to_ana = async_to_sync(socket_says)(ana, version.pk)

    assert to_charlie == [{"type": "websocket.close", "code": 4403}]
    assert to_ana[0]["type"] == "websocket.accept"
    assert json.loads(to_ana[1]["text"]) == {
        "counts": {"n1": {"entered": 5, "waiting": 1, "errors": 1, "outlets": {}}},
        "revision": 0,
        "editor": "",
        "status": "live",
    }


async def socket_says(client: Client, version_id: int) -> list[dict]:
    """The first words of the socket: its refusal, or its welcome and the first counts."""
    scope = {
        "type": "websocket",
        "path": f"/ws/journeys/{version_id}/",
        "query_string": b"",
        "subprotocols": [],
        "headers": [
            (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()),
            (b"origin", b"http://127.0.0.1"),
            (b"host", b"127.0.0.1"),
        ],
    }
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    words = [await socket.receive_output(timeout=5)]
    if words[0]["type"] == "websocket.accept":
        words.append(await socket.receive_output(timeout=5))
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait(timeout=5)
    return words
