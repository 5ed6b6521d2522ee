"""Opens, clicks and unsubscribes come back as events of the person."""

import pytest
from django.db import OperationalError

from ajo import pipeline
from ajo.core import clock
from channels_app.content import contents, links
from channels_app.delivery import outbox
from channels_app.feedback import tracking
from channels_app.models import Message, MessageEvent
from profiles.models import ConsentChange, ExperienceEvent
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def message():
    sandbox = make.sandbox()
    html = '<a href="https://shop.example/a">A</a><a href="https://shop.example/{{ profile.n }}">B</a>'
    content = contents.freeze(make.configuration(sandbox), {"subject": "x", "html": html}, label="")
    person = make.person(sandbox)
    outbox.enqueue([outbox.Draft(sandbox.pk, person.pk, content.pk, "marketing", 9, 1, "mail", 1, "{}")])
    Message.objects.update(state="sent", address="ina@example.com")
    return Message.objects.get()


def path(url):
    return url.replace("http://127.0.0.1:8000", "")


def work():
    while pipeline.process_once(clock.now()):
        pass


def test_an_open_is_counted_and_becomes_an_event(client, message):
    answer = client.get(path(links.open_url(message.pk)))
    work()

    assert answer["Content-Type"] == "image/gif"
    event = ExperienceEvent.objects.get()
    assert event.event_type == "message.tracking"
    assert event.profile_id == message.profile_id
    assert MessageEvent.objects.get().kind == "open"
    assert Message.objects.get().opened_at is not None


def test_a_click_leads_on_and_is_counted(client, message):
    answer = client.get(path(links.click_url(message.pk, 0)))
    work()

    assert (answer.status_code, answer["Location"]) == (302, "https://shop.example/a")
    assert MessageEvent.objects.get().detail["url"] == "https://shop.example/a"
    assert Message.objects.get().clicked_at is not None


def test_a_personalized_link_leads_where_it_was_signed_to(client, message):
    url = path(links.click_url(message.pk, 1, "https://shop.example/7"))

    assert client.get(url)["Location"] == "https://shop.example/7"
    assert client.get(url.replace("shop.example", "evil.example")).status_code == 404


@pytest.mark.parametrize("url", ["/t/c/nonsense", "/u/nonsense", "/t/c/", "/u/"])
def test_unknown_tokens_lead_nowhere(client, message, url):
    assert client.get(url).status_code == 404


def test_an_unknown_pixel_is_a_picture_and_counts_nothing(client, message):
    assert client.get("/t/o/nonsense.gif").status_code == 200
    work()
    assert ExperienceEvent.objects.count() == 0


def test_a_scanner_that_only_looks_is_not_counted(client, message):
    client.head(path(links.open_url(message.pk)))
    client.get(path(links.unsubscribe_url(message.pk)))
    work()

    assert ExperienceEvent.objects.count() == 0
    assert ConsentChange.objects.count() == 0


def test_one_click_unsubscribe_sets_consent_at_once(client, message):
    answer = client.post(path(links.unsubscribe_url(message.pk)), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    profile = make.profile_of(message.sandbox, "ina@example.com")
    assert profile.attributes["consents"]["marketing"]["email"]["val"] == "n"
    assert ConsentChange.objects.get().source == "one-click unsubscribe"
    work()
    assert MessageEvent.objects.get().kind == "unsubscribe"


def test_posting_needs_no_cookie_or_csrf_token(message):
    from django.test import Client

    assert Client(enforce_csrf_checks=True).post(path(links.unsubscribe_url(message.pk))).status_code == 200


def test_nobody_outside_can_forge_an_interaction(message):
    forged = make.event(
        message.sandbox,
        event_type="message.tracking",
        _experience={
            "customerJourneyManagement": {
                "messageExecution": {"messageExecutionID": str(message.pk)},
                "messageInteraction": {"interactionType": "open"},
            }
        },
    )
    make.ingest(message.sandbox, forged)

    assert Message.objects.get().opened_at is None


def test_while_the_database_is_away_readers_are_asked_to_come_back(client, message, monkeypatch):
    def away(*args):
        raise OperationalError("gone")

    monkeypatch.setattr(tracking, "message_of", away)

    assert client.get(path(links.open_url(message.pk)))["Content-Type"] == "image/gif"
    assert client.get(path(links.click_url(message.pk, 0))).status_code == 503
    assert client.post(path(links.unsubscribe_url(message.pk))).status_code == 503
    assert ConsentChange.objects.count() == 0
