"""From accepted messages to profiles and events."""

import pytest
from django.db import connection

from ajo import pipeline
from audiences.models import Audience, Membership
from channels_app.models import Message
from journeys.models import JourneyInstance, StepEvent
from profiles.models import (
    EventKey,
    ExperienceEvent,
    Identity,
    InboxRow,
    MergedProfile,
    ParkedRecord,
    Profile,
)
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def identity_map(**values):
    return {"identityMap": {code: [{"id": value}] for code, value in values.items()}}


def test_an_event_makes_a_profile_and_a_second_one_finds_it():
    sandbox = make.sandbox()

    make.ingest(sandbox, make.event(sandbox, "ina@example.com"), make.event(sandbox, " INA@example.com "))

    profile = Profile.objects.get(sandbox=sandbox)
    assert Identity.objects.get(profile=profile).value == "ina@example.com"
    assert ExperienceEvent.objects.filter(profile_id=profile.pk).count() == 2
    assert InboxRow.objects.count() == 0


def test_the_same_id_counts_once_within_a_batch_and_later():
    sandbox = make.sandbox()
    message = make.event(sandbox)

    make.ingest(sandbox, message, message)
    make.ingest(sandbox, message)

    assert ExperienceEvent.objects.count() == 1
    assert EventKey.objects.count() == 1


def test_the_same_id_in_another_sandbox_is_another_event():
    one, other = make.sandbox(), make.sandbox()

    make.ingest(one, make.event(one, _id="a"))
    make.ingest(other, make.event(other, _id="a"))

    assert ExperienceEvent.objects.count() == 2
    assert Profile.objects.count() == 2


def test_records_are_merged_in_their_order():
    sandbox = make.sandbox()

    make.ingest(
        sandbox,
        make.record(sandbox, loyalty={"tier": "silver", "points": 1}, tags=["a"]),
        make.record(sandbox, loyalty={"tier": "gold"}, tags=["b"], city=None),
    )

    attributes = Profile.objects.get(sandbox=sandbox).attributes
    assert attributes["loyalty"] == {"tier": "gold", "points": 1}
    assert attributes["tags"] == ["b"]
    assert "identityMap" not in attributes


def test_identities_of_one_record_are_one_person():
    sandbox = make.sandbox()

    make.ingest(
        sandbox,
        make.event(sandbox, **identity_map(Email="a@example.com", CRMID="C1")),
        make.event(sandbox, **identity_map(CRMID="C1")),
    )

    assert Profile.objects.filter(sandbox=sandbox).count() == 1
    assert Identity.objects.filter(sandbox=sandbox).count() == 2


def test_a_record_that_links_two_people_merges_them_with_all_that_is_theirs():
    sandbox = make.sandbox()
    definition = make.event_definition(sandbox)
    configuration = make.configuration(sandbox)
    make.live(
        sandbox,
        make.chain(
            start=make.node("unitary_event", definition=definition.pk),
            mail=make.mail(configuration),
            wait=make.node("wait", method="duration", amount=1, unit="days"),
            end=make.node("end"),
        ),
    )
    audience = Audience.objects.create(
        sandbox=sandbox, name="Gold", rule='profile.tier = "gold"', status="published"
    )
    make.ingest(sandbox, make.record(sandbox, "a@example.com", tier="gold", city="Lyon"))
    make.ingest(
        sandbox, make.envelope(make.schema(sandbox, "profile"), identity_map(CRMID="C1") | {"tier": "silver"})
    )
    old = Identity.objects.get(value="C1").profile_id
    make.ingest(sandbox, make.event(sandbox, event_type="other", **identity_map(CRMID="C1")))
    survivor = make.profile_of(sandbox, "a@example.com").pk
    from journeys.engine import executor

    make.ingest(sandbox, make.event(sandbox, "a@example.com"))
    executor.run_once(NOW)

    make.ingest(
        sandbox, make.event(sandbox, event_type="login", **identity_map(Email="a@example.com", CRMID="C1"))
    )

    assert list(Profile.objects.filter(sandbox=sandbox).values_list("id", flat=True)) == [survivor]
    assert MergedProfile.objects.get(old_profile_id=old).profile_id == survivor
    assert set(Identity.objects.values_list("profile_id", flat=True)) == {survivor}
    assert set(ExperienceEvent.objects.values_list("profile_id", flat=True)) == {survivor}
    assert Profile.objects.get(pk=survivor).attributes["tier"] == "gold"
    assert JourneyInstance.objects.get().profile_id == survivor
    assert set(StepEvent.objects.values_list("profile_id", flat=True)) == {survivor}
    assert Message.objects.get().profile_id == survivor
    assert Membership.objects.get(audience=audience).status == "realized"


def test_the_survivor_takes_over_waits_of_the_younger_one():
    sandbox = make.sandbox()
    first, second = make.event_definition(sandbox), make.event_definition(sandbox, "Purchase")
    make.live(
        sandbox,
        make.chain(
            start=make.node("unitary_event", definition=first.pk),
            later=make.node("unitary_event", definition=second.pk),
            end=make.node("end"),
        ),
    )
    from journeys.engine import executor

    make.ingest(sandbox, make.event(sandbox, **identity_map(CRMID="C1"), event_type="other"))
    make.ingest(sandbox, make.event(sandbox, "a@example.com"))
    executor.run_once(NOW)
    make.ingest(
        sandbox, make.event(sandbox, event_type="link", **identity_map(Email="a@example.com", CRMID="C1"))
    )

    make.ingest(sandbox, make.event(sandbox, event_type="purchase", **identity_map(CRMID="C1")))
    executor.run_once(NOW)

    assert JourneyInstance.objects.get().state == "ended"


def test_three_people_in_a_chain_become_one():
    sandbox = make.sandbox()
    for name, value in (("Email", "a@example.com"), ("CRMID", "C1"), ("LoyaltyID", "L1")):
        make.ingest(sandbox, make.event(sandbox, **identity_map(**{name: value})))
    assert Profile.objects.count() == 3

    make.ingest(
        sandbox,
        make.event(sandbox, **identity_map(CRMID="C1", LoyaltyID="L1")),
        make.event(sandbox, **identity_map(Email="a@example.com", LoyaltyID="L1")),
    )

    assert Profile.objects.count() == 1
    assert MergedProfile.objects.values_list("profile_id", flat=True).distinct().count() == 1


def test_a_poison_record_is_parked_and_the_rest_of_its_batch_is_not():
    sandbox = make.sandbox()
    with connection.cursor() as cursor:  # a fault that only one row brings out
        cursor.execute(
            "ALTER TABLE profiles_experienceevent ADD CONSTRAINT poison CHECK (event_type <> 'poison') NOT VALID"
        )
    messages = [make.event(sandbox, f"p{n}@example.com") for n in range(20)]
    messages[7] = make.event(sandbox, "p7@example.com", event_type="poison")

    make.ingest(sandbox, *messages)

    assert ExperienceEvent.objects.count() == 19
    parked = ParkedRecord.objects.get()
    assert "poison" in parked.reason
    assert "p7@example.com" in parked.message
    assert InboxRow.objects.count() == 0


def test_a_message_that_became_unreadable_is_parked_with_its_reason():
    sandbox = make.sandbox()
    message = make.event(sandbox)
    from profiles.ingest import accept

    accept.store([accept.entry_of(message, None, make.inlet(sandbox), NOW)])
    make.schema(sandbox, "event").datasets.all().delete()
    make.schema(sandbox, "event").delete()
    from profiles.ingest.envelope import forget_catalogues

    forget_catalogues()
    pipeline.process_once(NOW)

    parked = ParkedRecord.objects.get()
    assert parked.code == "ingest.invalid_message"
    assert "There is no schema" in parked.reason


def test_an_audience_is_judged_within_the_batch():
    sandbox = make.sandbox()
    audience = Audience.objects.create(
        sandbox=sandbox, name="Gold", rule='profile.tier = "gold"', status="published"
    )

    make.ingest(
        sandbox, make.record(sandbox, "a@example.com", tier="gold"), make.record(sandbox, "b@example.com")
    )
    assert [m.profile_id for m in audience.memberships.all()] == [
        make.profile_of(sandbox, "a@example.com").pk
    ]

    make.ingest(sandbox, make.record(sandbox, "a@example.com", tier="silver"))
    membership = audience.memberships.get()
    assert (membership.status, membership.exited_at) == ("exited", NOW)
