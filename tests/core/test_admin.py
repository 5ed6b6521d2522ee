"""The Django admin: every page opens, what must not change cannot, and what changes is logged."""

import pytest
from django.contrib import admin
from django.urls import reverse

from ajo.core import clock
from ajo.core.models import ApiKey, AuditEntry, RoleAssignment, Sandbox, User
from channels_app.models import Content, InboxMail, Link, Message, MessageEvent, Suppression
from journeys import versions
from profiles.models import InboxRow, Inlet, Namespace, ParkedRecord
from tests import factories as make

pytestmark = pytest.mark.django_db

OWN_APPS = ("ajo", "core", "profiles", "audiences", "channels_app", "journeys")
MODELS = [model for model in admin.site._registry if model._meta.app_label in OWN_APPS]
READ_ONLY = [
    "core.auditentry",
    "profiles.profile",
    "profiles.identity",
    "profiles.mergedprofile",
    "profiles.consentchange",
    "profiles.experienceevent",
    "profiles.inboxrow",
    "profiles.parkedrecord",
    "audiences.membership",
    "channels_app.content",
    "channels_app.message",
    "channels_app.messageevent",
    "channels_app.inboxmail",
    "journeys.journeyversion",
    "journeys.eventdefinition",
    "journeys.journeyinstance",
    "journeys.eventwait",
    "journeys.refusal",
    "journeys.stepevent",
    "journeys.nodetally",
    "journeys.draftedit",
]


@pytest.fixture
def staff(client):
    user = User.objects.create_superuser("root", password="a long password")
    client.force_login(user)
    return client


@pytest.fixture
def sandbox():
    return make.sandbox()


def fill(sandbox) -> None:
    """A row of everything."""
    mail = make.configuration(sandbox)
    definition = make.event_definition(sandbox)
    graph = make.chain(
        start=make.node("unitary_event", definition=definition.pk),
        wait=make.node("wait", method="duration", amount=1, unit="days"),
        mail=make.mail(mail),
        end=make.node("end"),
    )
    make.live(sandbox, graph)
    make.ingest(sandbox, make.event(sandbox), now=clock.now())
    make.ingest(sandbox, make.event(sandbox), now=clock.now())
    person = make.profile_of(sandbox, "ina@example.com")
    content = Content.objects.first()
    Link.objects.create(content=content, position=9, url="https://example.com")
    message = Message.objects.create(
        sandbox=sandbox, profile_id=person.pk, content=content, message_type="marketing"
    )
    MessageEvent.objects.create(sandbox=sandbox, message_id=message.pk, profile_id=person.pk, kind="sent")
    Suppression.objects.create(sandbox=sandbox, address="a@example.com", reason="manual")
    InboxMail.objects.create(mail_from="a@example.com", subject="x", source=b"x")
    ParkedRecord.objects.create(sandbox=sandbox, message="{}", code="x", reason="x", received_at=clock.now())
    InboxRow.objects.create(sandbox=sandbox, shard=1, message="{}")
    make.api_key(sandbox, "profiles.view")
    make.user(role="analyst", of=sandbox)
    versions.create(sandbox, "Draft", actor="tests")


def test_every_page_opens(staff, sandbox):
    fill(sandbox)

    for model in MODELS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        page = staff.get(reverse(f"{name}_changelist"))
        assert page.status_code == 200, model
        assert staff.get(reverse(f"{name}_changelist"), {"q": "1"}).status_code == 200, model
        if admin.site._registry[model].has_add_permission(page.wsgi_request):
            assert staff.get(reverse(f"{name}_add")).status_code == 200, model
        if row := model._default_manager.first():
            assert staff.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model


def test_lists_do_not_ask_once_a_row(staff, sandbox, django_assert_max_num_queries):
    fill(sandbox)

    for model in MODELS:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        with django_assert_max_num_queries(20):
            staff.get(address)


@pytest.mark.parametrize("label", READ_ONLY)
def test_what_the_engine_writes_is_read_only(label, rf):
    model = next(m for m in MODELS if m._meta.label_lower == label)
    request = rf.get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)

    page = admin.site._registry[model]

    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request, None)
    assert not page.has_delete_permission(request, None)


def test_a_new_sandbox_is_furnished(staff):
    staff.post(
        reverse("admin:core_sandbox_add"), {"name": "france", "title": "France", "timezone": "Europe/Paris"}
    )

    made = Sandbox.objects.get(name="france")
    assert Namespace.objects.filter(sandbox=made, code="Email").exists()
    assert Inlet.objects.filter(sandbox=made).count() == 1
    assert AuditEntry.objects.get(action="sandbox.created").actor == "root"


def test_a_users_password_is_hashed_and_logged_without_value(staff):
    staff.post(
        reverse("admin:core_user_add"),
        {
            "username": "zoe",
            "password1": "a longer password",
            "password2": "a longer password",
            "usable_password": "true",
        },
    )

    made = User.objects.get(username="zoe")
    assert made.check_password("a longer password")
    entry = AuditEntry.objects.get(action="user.created")
    assert "a longer password" not in str(entry.changes)


def test_roles_given_in_the_admin_are_logged(staff, sandbox):
    user = make.user("zoe")

    staff.post(
        reverse("admin:core_roleassignment_add"), {"user": user.pk, "sandbox": sandbox.pk, "role": "analyst"}
    )

    assert RoleAssignment.objects.get(user=user).role == "analyst"
    assert AuditEntry.objects.get(action="role.created").changes["role"] == ["None", "analyst"]


def test_a_key_is_made_with_a_secret_shown_once_and_revoked(staff, sandbox):
    answer = staff.post(
        reverse("admin:core_apikey_add"),
        {"name": "Shop", "sandbox": sandbox.pk, "permissions": '["profiles.ingest"]'},
        follow=True,
    )
    key = ApiKey.objects.get(name="Shop")
    assert f"{key.prefix}." in answer.content.decode()

    staff.post(reverse("admin:core_apikey_changelist"), {"action": "revoke", "_selected_action": [key.pk]})

    key.refresh_from_db()
    assert key.revoked
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["api_key.revoked", "api_key.created"]


def test_a_key_with_an_unknown_permission_is_refused(staff, sandbox):
    staff.post(
        reverse("admin:core_apikey_add"),
        {"name": "Shop", "sandbox": sandbox.pk, "permissions": '["everything"]'},
    )

    assert not ApiKey.objects.exists()


def test_parked_records_are_replayed_from_the_admin(staff, sandbox):
    parked = ParkedRecord.objects.create(
        sandbox=sandbox, message="{}", code="x", reason="x", received_at=clock.now()
    )
    address = reverse("admin:profiles_parkedrecord_changelist")

    staff.post(address, {"action": "replay", "_selected_action": [parked.pk]})
    staff.post(address, {"action": "replay", "_selected_action": [parked.pk]})

    parked.refresh_from_db()
    assert parked.status == "replayed"
    assert parked.settled_by == "root"
    assert InboxRow.objects.count() == 1
