"""A person's timeline: everything in one order, no item lost between pages, reasons in words."""

from datetime import timedelta

import pytest

from ajo.reporting import timeline
from channels_app.models import Content, Message, MessageEvent
from journeys.engine import executor
from profiles.models import ConsentChange, ExperienceEvent
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOW


@pytest.fixture
def sandbox():
    return make.sandbox()


def event_row(sandbox, person, at, event_type="visit"):
    return ExperienceEvent.objects.create(
        sandbox=sandbox, profile_id=person.pk, timestamp=at, event_type=event_type, event_id="x", data={}
    )


def test_it_merges_all_sources_newest_first(sandbox):
    definition = make.event_definition(sandbox)
    graph = make.chain(
        start=make.node("unitary_event", "Signed up", definition=definition.pk),
        mail=make.mail(make.configuration(sandbox), subject="Hello {{ profile.person.name.firstName }}"),
        wait=make.node("wait", "A day", method="duration", amount=1, unit="days"),
        end=make.node("end"),
    )
    make.live(sandbox, graph, name="Welcome")
    make.ingest(sandbox, make.event(sandbox))
    make.ingest(sandbox, make.event(sandbox), now=NOW + timedelta(minutes=1))
    executor.run_once(NOW + timedelta(minutes=2))
    person = make.profile_of(sandbox, "ina@example.com")
    message = Message.objects.get(profile_id=person.pk)
    MessageEvent.objects.create(
        sandbox=sandbox, message_id=message.pk, profile_id=person.pk, kind="skipped", reason="050107"
    )
    ConsentChange.objects.create(
        sandbox=sandbox, profile_id=person.pk, channel="email", value="n", source="API", changed_at=NOW
    )

    items = timeline.page_of(person).items

    assert [item.at for item in items] == sorted((item.at for item in items), reverse=True)
    assert {item.kind for item in items} == {
        "event",
        "step",
        "refusal",
        "message",
        "message_event",
        "consent",
    }
    refusal = next(item for item in items if item.kind == "refusal")
    assert (refusal.title, refusal.text) == (
        "Did not enter Welcome v1",
        "The person was already inside this journey.",
    )
    skipped = next(item for item in items if item.kind == "message_event")
    assert skipped.text == "The address is on the suppression list."
    assert "Message: Hello …" in {item.title for item in items}


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_lose_and_repeat_nothing_even_within_one_moment(sandbox, limit):
    person = make.person(sandbox)
    content = Content.objects.create(
        sandbox=sandbox, configuration=make.configuration(sandbox), channel="email", parts={}
    )
    for number in range(4):
        at = NOW - timedelta(hours=number // 2)
        event_row(sandbox, person, at)
        Message.objects.create(
            sandbox=sandbox, profile_id=person.pk, content=content, message_type="marketing", created_at=at
        )
    whole = [(item.kind, item.id) for item in timeline.page_of(person, limit=100).items]

    seen, before = [], None
    while True:
        page = timeline.page_of(person, limit=limit, before=before)
        seen += [(item.kind, item.id) for item in page.items]
        if page.next is None:
            break
        before = timeline.Cursor.read(str(page.next))

    assert len(whole) == 8
    assert seen == whole


def test_filters_narrow_it(sandbox):
    person = make.person(sandbox)
    event_row(sandbox, person, NOW)
    ConsentChange.objects.create(
        sandbox=sandbox, profile_id=person.pk, channel="email", value="y", source="API", changed_at=NOW
    )

    assert [item.kind for item in timeline.page_of(person, groups=["consents"]).items] == ["consent"]


def test_it_shows_nothing_of_others(sandbox):
    event_row(sandbox, make.person(sandbox, "other@example.com"), NOW)

    assert timeline.page_of(make.person(sandbox)).items == []


@pytest.mark.parametrize("text", ["", "x", "2026-01-01T00:00:00~1~2", "2026-01-01T00:00:00+00:00~a~b"])
def test_a_broken_cursor_means_the_beginning(text):
    assert timeline.Cursor.read(text) is None
