"""What other systems get wrong, in a marketer's words: with everything running beside itself."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from ajo import pipeline
from ajo.core import clock
from channels_app.delivery import connections, sender
from channels_app.models import Message
from journeys.engine import executor, ledger, tallies
from journeys.models import JourneyInstance, Refusal, StepEvent
from profiles import consent
from profiles.ingest import accept
from profiles.models import ExperienceEvent, InboxRow, Profile
from tests import factories as make
from tests.smtp import mail_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailbox(settings):
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    sender._configurations.clear()
    connections._pools.clear()
    sender.content_of.cache_clear()
    with mail_server() as server:
        yield server


def beside_each_other(*deeds, repeat: int = 2) -> None:
    """Run deeds in threads, each several times over, each until it finds nothing for a while."""
    idle_rounds, errors = 3, []

    def loop(deed):
        try:
            idle = 0
            while idle < idle_rounds:
                idle = 0 if deed() else idle + 1
                if idle:
                    pause.wait(0.15)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    pause = threading.Event()
    threads = [threading.Thread(target=loop, args=(deed,)) for deed in deeds for _ in range(repeat)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    assert not any(thread.is_alive() for thread in threads)


def send_marketing():
    return sender.run_once("marketing", clock.now())


def everything():
    beside_each_other(pipeline.process_once, executor.run_once, send_marketing)
    while pipeline.process_once() or executor.run_once() or send_marketing():
        pass


def accept_all(sandbox, messages):
    opened = make.inlet(sandbox)
    accept.store([accept.entry_of(message, None, opened, clock.now()) for message in messages])


def welcome(sandbox, mailbox, subject, definition, **more):
    mails = make.configuration(sandbox, port=mailbox.port)
    return make.live(
        sandbox,
        make.chain(
            start=make.node("unitary_event", definition=definition.pk),
            mail=make.mail(mails, subject),
            end=make.node("end"),
            **more,
        ),
    )


def test_one_event_that_starts_two_journeys_for_100_people_gives_200_mails(mailbox):
    sandbox = make.sandbox()
    signup = make.event_definition(sandbox)
    versions = [welcome(sandbox, mailbox, subject, signup) for subject in ("One", "Two")]

    accept_all(
        sandbox,
        [make.event(sandbox, f"p{n}@example.com", timestamp=clock.now().isoformat()) for n in range(100)],
    )
    everything()

    assert Counter(mailbox.recipients()) == {f"p{n}@example.com": 2 for n in range(100)}
    assert Message.objects.filter(state="sent").count() == 200
    assert JourneyInstance.objects.filter(state="ended").count() == 200
    for version in versions:
        assert tallies.counts(version.pk)[("mail", "next")].exited == 100
    assert tallies.stuck(late_by_seconds=0) == 0


def test_the_same_person_in_many_events_at_once_is_one_person_and_enters_once(mailbox):
    sandbox = make.sandbox()
    signup = make.event_definition(sandbox)
    wait = make.node("wait", method="duration", amount=1, unit="days")
    make.live(
        sandbox,
        make.chain(start=make.node("unitary_event", definition=signup.pk), wait=wait, end=make.node("end")),
    )
    now = clock.now().isoformat()
    maps = [{"Email": [{"id": "a@example.com"}], "CRMID": [{"id": f"C{n % 10}"}]} for n in range(100)]

    accept_all(
        sandbox, [make.event(sandbox, timestamp=now, identityMap=identity_map) for identity_map in maps]
    )
    everything()

    assert Profile.objects.filter(sandbox=sandbox).count() == 1
    assert ExperienceEvent.objects.count() == 100
    assert JourneyInstance.objects.count() == 1
    assert Refusal.objects.filter(code="JOURNEY_INSTANCE_ID_NOT_CREATED").count() == 99
    assert InboxRow.objects.count() == 0


def test_people_linked_from_all_sides_at_once_end_as_one(mailbox):
    sandbox = make.sandbox()
    now = clock.now().isoformat()
    chain = [
        {"CRMID": [{"id": f"C{n}"}], "LoyaltyID": [{"id": f"L{n}"}, {"id": f"L{n + 1}"}]} for n in range(60)
    ]

    accept_all(
        sandbox, [make.event(sandbox, timestamp=now, identityMap=identity_map) for identity_map in chain]
    )
    beside_each_other(pipeline.process_once, repeat=4)

    assert InboxRow.objects.count() == 0
    assert Profile.objects.filter(sandbox=sandbox).count() == 1
    assert ExperienceEvent.objects.values("profile_id").distinct().count() == 1
    assert ExperienceEvent.objects.count() == 60


def test_an_unsubscribed_person_is_skipped_with_a_reason_and_walks_on(mailbox):
    sandbox = make.sandbox()
    signup = make.event_definition(sandbox)
    welcome(sandbox, mailbox, "Hello", signup)
    person = make.person(sandbox, "no@example.com")
    consent.set_marketing(person.pk, "email", "n", source="test", now=clock.now())

    accept_all(sandbox, [make.event(sandbox, "no@example.com", timestamp=clock.now().isoformat())])
    everything()

    assert mailbox.mails == []
    assert [(m.state, m.reason) for m in Message.objects.all()] == [("skipped", "050101")]
    assert [(i.state, i.reason) for i in JourneyInstance.objects.all()] == [("ended", "completed")]


def test_consent_withdrawn_while_a_message_waits_is_honoured(mailbox):
    sandbox = make.sandbox()
    signup = make.event_definition(sandbox)
    welcome(sandbox, mailbox, "Hello", signup)
    person = make.person(sandbox, "late@example.com")
    accept_all(sandbox, [make.event(sandbox, "late@example.com", timestamp=clock.now().isoformat())])
    pipeline.process_once()
    executor.run_once()

    consent.set_marketing(person.pk, "email", "n", source="test", now=clock.now())
    send_marketing()

    assert Message.objects.get().state == "skipped"


def test_a_worker_that_dies_in_the_middle_changes_nothing(mailbox, monkeypatch):
    sandbox = make.sandbox()
    signup = make.event_definition(sandbox)
    welcome(sandbox, mailbox, "Hello", signup)
    accept_all(
        sandbox,
        [make.event(sandbox, f"p{n}@example.com", timestamp=clock.now().isoformat()) for n in range(5)],
    )
    pipeline.process_once()
    real = ledger.write_counts

    class Killed(BaseException):
        pass

    def die(*args):
        raise Killed

    monkeypatch.setattr(ledger, "write_counts", die)
    with pytest.raises(Killed):
        executor.run_once()
    assert (StepEvent.objects.count(), Message.objects.count()) == (0, 0)
    monkeypatch.setattr(ledger, "write_counts", real)
    everything()

    assert Counter(mailbox.recipients()) == {f"p{n}@example.com": 1 for n in range(5)}


def test_the_clock_wakes_what_nobody_announced(mailbox, monkeypatch):
    from ajo import tasks
    from ajo.core import wakeup

    sandbox = make.sandbox()
    announced = []
    monkeypatch.setattr(wakeup, "announce", announced.append)
    accept_all(sandbox, [make.event(sandbox, timestamp=clock.now().isoformat())])
    announced.clear()

    tasks.sweep()

    assert announced == ["ingest"]


def test_late_waits_are_counted_as_stuck():
    sandbox = make.sandbox()
    signup = make.event_definition(sandbox)
    wait = make.node("wait", method="duration", amount=1, unit="days")
    make.live(
        sandbox,
        make.chain(start=make.node("unitary_event", definition=signup.pk), wait=wait, end=make.node("end")),
    )
    make.ingest(sandbox, make.event(sandbox), now=clock.now())
    executor.run_once()
    assert tallies.stuck(sandbox.pk) == 0

    JourneyInstance.objects.update(due_at=clock.now() - timedelta(minutes=5))

    assert tallies.stuck(sandbox.pk) == 1
    assert tallies.stuck(make.sandbox().pk) == 0
