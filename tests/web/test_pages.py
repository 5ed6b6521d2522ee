"""Pages beside the canvas: they open, teach when empty, show nothing of others, and keep to the roles."""

import json

import pytest
from django.urls import reverse

from ajo.core import clock
from ajo.core.models import ApiKey, AuditEntry, RoleAssignment, User
from channels_app.models import Configuration, Content, Message, Suppression
from journeys.models import EventDefinition
from profiles.models import InboxRow, Inlet, Namespace, ParkedRecord
from tests import factories as make

pytestmark = pytest.mark.django_db

LISTS = [
    "profiles:list", "messages:list", "events:list", "configurations:list", "inlets:list",
    "suppressions:list", "api-keys:list", "users:list", "audit:list", "parked:list", "system:status",
]  # fmt: skip
FORMS = [
    "events:create",
    "configurations:create",
    "inlets:create",
    "suppressions:add",
    "api-keys:create",
    "users:add",
]


@pytest.fixture
def sandbox():
    return make.sandbox()


@pytest.fixture
def admin(client, sandbox):
    client.force_login(make.user("ada", role="administrator", of=sandbox))
    return client


def things_of(sandbox) -> dict[str, int | str]:
    """A row of everything, by the page that shows it."""
    person = make.person(sandbox, person={"name": {"firstName": "Ina", "lastName": "Okafor"}})
    configuration = make.configuration(sandbox)
    content = Content.objects.create(
        sandbox=sandbox, configuration=configuration, channel="email", parts={"subject": "Hello"}
    )
    message = Message.objects.create(
        sandbox=sandbox,
        profile_id=person.pk,
        content=content,
        message_type="marketing",
        state="failed",
        reason="554",
    )
    parked = ParkedRecord.objects.create(
        sandbox=sandbox, message="{}", code="x", reason="Not readable", received_at=clock.now()
    )
    make.api_key(sandbox, "journeys.view")
    made = make.user(role="analyst", of=sandbox)
    assignment = RoleAssignment.objects.get(user=made)
    return {
        "profiles:page": person.pk,
        "profiles:timeline": person.pk,
        "messages:page": message.pk,
        "messages:requeue": message.pk,
        "events:edit": make.event_definition(sandbox).pk,
        "events:delete": EventDefinition.objects.get(sandbox=sandbox).pk,
        "configurations:edit": configuration.pk,
        "configurations:test": configuration.pk,
        "configurations:delete": configuration.pk,
        "inlets:edit": Inlet.objects.get(sandbox=sandbox).pk,
        "inlets:renew": Inlet.objects.get(sandbox=sandbox).pk,
        "inlets:delete": Inlet.objects.get(sandbox=sandbox).pk,
        "suppressions:remove": Suppression.objects.create(
            sandbox=sandbox, address="a@b.example", reason="manual"
        ).pk,
        "parked:record": parked.pk,
        "parked:discard": parked.pk,
        "api-keys:revoke": ApiKey.objects.get(sandbox=sandbox).prefix,
        "users:role": assignment.pk,
        "users:remove": assignment.pk,
        "users:active": assignment.pk,
    }


ONLY_POST = {"messages:requeue", "configurations:test", "users:role"}


@pytest.mark.parametrize("name", [*LISTS, *FORMS])
def test_pages_open_and_teach_when_there_is_nothing(admin, name):
    answer = admin.get(reverse(name))

    assert answer.status_code == 200
    assert b"<h1>" in answer.content or b"<h2" in answer.content


def test_pages_open_with_something_in_them(admin, sandbox):
    things = things_of(sandbox)

    for name in LISTS:
        for more in ({}, {"q": "in"}, {"status": "failed"}, {"page": "99"}):
            assert admin.get(reverse(name), more).status_code == 200, name
        part = admin.get(reverse(name), headers={"hx-request": "true"})
        assert part.status_code == 200 and b"<html" not in part.content, name
    for name, key in things.items():
        if name not in ONLY_POST:
            assert admin.get(reverse(name, args=[key])).status_code == 200, name


def test_nothing_of_another_sandbox_is_there(admin):
    things = things_of(make.sandbox())

    for name, key in things.items():
        address = reverse(name, args=[key])
        if name not in ONLY_POST:
            assert admin.get(address).status_code == 404, name
        assert admin.post(address).status_code in (404, 405), name
    assert Suppression.objects.exists() and ApiKey.objects.filter(revoked=False).exists()


def test_an_analyst_looks_and_changes_nothing(client, sandbox):
    things = things_of(sandbox)
    client.force_login(make.user("ann", role="analyst", of=sandbox))

    for name, key in things.items():
        answer = client.post(reverse(name, args=[key]))
        assert answer.status_code in (403, 405), name
    for name in FORMS:
        assert client.post(reverse(name)).status_code == 403, name
    assert Suppression.objects.exists()
    assert Inlet.objects.get(sandbox=sandbox).key not in client.get(reverse("inlets:list")).content.decode()


def test_who_is_not_signed_in_is_asked_to(client):
    for name in [*LISTS, *FORMS]:
        answer = client.get(reverse(name))
        assert answer.status_code == 302 and answer.url.startswith(reverse("login")), name


def test_somebody_is_found_by_name_and_by_identity(admin, sandbox):
    things_of(sandbox)

    for typed in ("ina@example.com", "okafor", "Ina Oka"):
        assert "Ina Okafor" in admin.get(reverse("profiles:list"), {"q": typed}).content.decode()
    assert "Nothing fits" in admin.get(reverse("profiles:list"), {"q": "yuki"}).content.decode()


def test_what_people_send_is_shown_as_text(admin, sandbox):
    person = make.person(
        sandbox, "x@example.com", person={"name": {"firstName": "<script>alert(1)</script>"}}
    )

    page = admin.get(reverse("profiles:page", args=[person.pk])).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_event_is_defined_with_a_rule_that_can_be_read(admin, sandbox):
    namespace = Namespace.objects.get(sandbox=sandbox, code="Email")
    values = {"name": "Signup", "namespace": namespace.pk, "sample": '{"eventType": "signup"}'}

    wrong = admin.post(reverse("events:create"), values | {"rule": "event.eventType = "})
    right = admin.post(reverse("events:create"), values | {"rule": 'event.eventType = "signup"'})

    assert wrong.status_code == 200 and b"invalid-note" in wrong.content
    assert right.status_code == 302
    assert EventDefinition.objects.get().sample == {"eventType": "signup"}


@pytest.mark.parametrize(
    ("rule", "says"), [('event.eventType = "x"', "This works"), ("event.eventType =", "Line 1"), ("", "")]
)
def test_a_rule_is_checked_while_it_is_written(admin, rule, says):
    assert says in admin.post(reverse("events:check"), {"rule": rule}).content.decode()


def test_a_stored_secret_is_never_shown_and_kept_when_left_empty(admin, sandbox):
    values = {
        "name": "News", "message_type": "marketing", "is_active": "on", "from_name": "Shop",
        "from_email": "hello@shop.example", "address_path": "personalEmail.address",
        "host": "smtp.shop.example", "port": "587", "security": "starttls", "username": "shop",
        "password": "very secret", "pool_size": "5",
    }  # fmt: skip
    admin.post(reverse("configurations:create"), values)
    made = Configuration.objects.get()
    address = reverse("configurations:edit", args=[made.pk])

    page = admin.get(address).content.decode()
    admin.post(address, values | {"password": "", "port": "25"})

    made.refresh_from_db()
    assert "very secret" not in page
    assert (made.settings["port"], made.secrets) == (25, {"password": "very secret"})


def test_a_keys_secret_is_shown_once(admin, sandbox):
    made = admin.post(reverse("api-keys:create"), {"name": "Shop", "permissions": ["profiles.ingest"]})

    key = ApiKey.objects.get()
    assert f"{key.prefix}." in made.content.decode()
    assert f"{key.prefix}." not in admin.get(reverse("api-keys:list")).content.decode()
    admin.post(reverse("api-keys:revoke", args=[key.prefix]))
    key.refresh_from_db()
    assert key.revoked


def test_somebody_is_added_given_another_role_and_taken_out(admin, sandbox):
    values = {
        "username": "zoe",
        "email": "zoe@example.com",
        "password": "a very long password",
        "role": "analyst",
    }
    admin.post(reverse("users:add"), values)
    assignment = RoleAssignment.objects.get(user__username="zoe")

    admin.post(reverse("users:role", args=[assignment.pk]), {"role": "marketer"})
    assignment.refresh_from_db()
    assert assignment.role == "marketer"
    admin.post(reverse("users:active", args=[assignment.pk]))
    assert not User.objects.get(username="zoe").is_active
    admin.post(reverse("users:remove", args=[assignment.pk]))
    assert not RoleAssignment.objects.filter(user__username="zoe").exists()
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "user.created", "user.role_given", "user.role_changed", "user.deactivated", "user.role_taken",
    ]  # fmt: skip


def test_nobody_changes_the_own_role(admin):
    own = RoleAssignment.objects.get(user__username="ada")

    answer = admin.post(reverse("users:role", args=[own.pk]), {"role": "analyst"})

    own.refresh_from_db()
    assert answer.status_code == 403 and own.role == "administrator"


def test_an_account_that_works_elsewhere_is_not_closed_from_here(admin, sandbox):
    zoe = make.user("zoe", role="analyst", of=sandbox)
    RoleAssignment.objects.create(user=zoe, sandbox=make.sandbox(), role="analyst")

    answer = admin.post(
        reverse("users:active", args=[RoleAssignment.objects.get(user=zoe, sandbox=sandbox).pk])
    )

    zoe.refresh_from_db()
    assert answer.status_code == 403 and zoe.is_active


def test_a_parked_record_is_mended_on_its_page(admin, sandbox):
    parked = ParkedRecord.objects.create(
        sandbox=sandbox,
        inlet_id=Inlet.objects.get(sandbox=sandbox).pk,
        message="{}",
        code="x",
        reason="x",
        received_at=clock.now(),
    )
    address = reverse("parked:record", args=[parked.pk])

    broken = admin.post(address, {"message": "{"})
    invalid = admin.post(address, {"message": '{"header": {}}'})
    assert b"not valid JSON" in broken.content and b"body.xdmEntity is missing" in invalid.content
    assert InboxRow.objects.count() == 0
    admin.post(address, {"message": json.dumps(make.event(sandbox))})

    assert InboxRow.objects.count() == 1
    parked.refresh_from_db()
    assert parked.status == "replayed"


def test_chosen_records_are_sent_on_together(admin, sandbox):
    rows = [
        ParkedRecord.objects.create(
            sandbox=sandbox, message="{}", code="x", reason="x", received_at=clock.now()
        )
        for _ in range(3)
    ]

    admin.post(reverse("parked:replay"), {"record": [rows[0].pk, rows[1].pk]})

    assert InboxRow.objects.count() == 2
    assert ParkedRecord.objects.filter(status="parked").count() == 1
