"""People walk through journeys: entrances, waits, events, ends and failures."""

from datetime import timedelta

import pytest
from django.db import connection

from ajo.core import sql
from channels_app.models import Message
from journeys import versions
from journeys.engine import executor, tallies
from journeys.models import EventWait, JourneyInstance, JourneyVersion, Refusal, StepEvent
from journeys.nodes.base import Move, NodeType, node_types
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def sandbox():
    return make.sandbox()


@pytest.fixture
def signup(sandbox):
    return make.event_definition(sandbox)


def start(definition):
    return make.node("unitary_event", definition=definition.pk)


def wait(**length):
    unit, amount = next(iter(length.items()))
    return make.node("wait", method="duration", amount=amount, unit=unit)


def run(now=NOW):
    while executor.run_once(now):
        pass


def where():
    return [(i.state, i.node_id, i.reason) for i in JourneyInstance.objects.order_by("id")]


def test_people_take_the_first_path_that_fits(sandbox, signup):
    mails = make.configuration(sandbox)
    paths = [
        {"id": "gold", "label": "Gold", "expression": 'profile.tier = "gold"'},
        {"id": "any", "label": "Any tier", "expression": 'profile.level = "1"'},
    ]
    graph = {
        "nodes": {
            "start": start(signup),
            "tier": make.node("condition", paths=paths, other_cases=True),
            "gold": make.mail(mails, "Gold"),
            "any": make.mail(mails, "Any"),
            "end": make.node("end"),
        },
        "edges": [
            {"id": "1", "src": "start", "outlet": "next", "dst": "tier"},
            {"id": "2", "src": "tier", "outlet": "gold", "dst": "gold"},
            {"id": "3", "src": "tier", "outlet": "any", "dst": "any"},
            {"id": "4", "src": "tier", "outlet": "other", "dst": "end"},
            {"id": "5", "src": "gold", "outlet": "next", "dst": "end"},
        ],
    }
    version = make.live(sandbox, graph)
    make.person(sandbox, "both@example.com", tier="gold", level="1")
    make.person(sandbox, "one@example.com", level="1")
    make.ingest(sandbox, *(make.event(sandbox, f"{n}@example.com") for n in ("both", "one", "new")))

    run()

    assert list(Message.objects.order_by("id").values_list("node_id", flat=True)) == ["gold", "any"]
    assert [state for state, *_ in where()] == ["ended"] * 3
    counts = tallies.counts(version.pk)
    assert counts[("tier", "")] == (3, 3, 0)
    assert (
        counts[("tier", "gold")].exited
        == counts[("tier", "any")].exited
        == counts[("tier", "other")].exited
        == 1
    )
    assert counts[("end", "")] == (2, 2, 0)


def test_a_wait_holds_until_its_time_is_over(sandbox, signup):
    make.live(sandbox, make.chain(start=start(signup), wait=wait(days=1), end=make.node("end")))
    make.ingest(sandbox, make.event(sandbox))

    run()
    assert where() == [("waiting", "wait", None)]
    run(NOW + DAY - timedelta(seconds=1))
    assert where() == [("waiting", "wait", None)]
    run(NOW + DAY)
    assert where() == [("ended", "end", "completed")]


def test_a_custom_wait_ends_at_its_date_in_the_journeys_zone(sandbox, signup):
    until = make.node("wait", method="custom", expression='toDateTimeOnly("2026-03-16T09:00:00")')
    make.live(
        sandbox, make.chain(start=start(signup), wait=until, end=make.node("end")), timezone="Europe/Paris"
    )
    make.ingest(sandbox, make.event(sandbox))

    run()

    assert JourneyInstance.objects.get().due_at.isoformat() == "2026-03-16T08:00:00+00:00"


def test_a_custom_wait_without_a_date_fails_with_a_reason_and_holds_up_nobody(sandbox, signup):
    until = make.node("wait", method="custom", expression="toDateTimeOnly(@event{Signup.when})")
    make.live(sandbox, make.chain(start=start(signup), wait=until, end=make.node("end")))
    make.ingest(
        sandbox,
        make.event(sandbox, "a@example.com"),
        make.event(sandbox, "b@example.com", when="2026-03-20T10:00"),
    )

    run()

    assert where() == [("failed", "wait", "waitDateMissing"), ("waiting", "wait", None)]


def test_an_error_path_takes_who_cannot_go_on(sandbox, signup):
    until = make.node(
        "wait", method="custom", expression="toDateTimeOnly(@event{Signup.when})", error_path=True
    )
    graph = {
        "nodes": {
            "start": start(signup),
            "wait": until,
            "waited": make.node("end"),
            "sorry": make.node("end"),
        },
        "edges": [
            {"id": "1", "src": "start", "outlet": "next", "dst": "wait"},
            {"id": "2", "src": "wait", "outlet": "next", "dst": "waited"},
            {"id": "3", "src": "wait", "outlet": "error", "dst": "sorry"},
        ],
    }
    version = make.live(sandbox, graph)
    make.ingest(sandbox, make.event(sandbox))

    run()

    assert where() == [("ended", "sorry", "completed")]
    assert StepEvent.objects.get(node_id="wait").code == "waitDateMissing"
    assert tallies.counts(version.pk)[("wait", "error")].exited == 1


def test_a_second_entrance_while_inside_is_refused_with_its_code(sandbox, signup):
    make.live(sandbox, make.chain(start=start(signup), wait=wait(days=1), end=make.node("end")))
    make.ingest(sandbox, make.event(sandbox, _id="first"), make.event(sandbox, _id="second"))
    make.ingest(sandbox, make.event(sandbox, _id="third"), now=NOW + timedelta(hours=1))

    assert JourneyInstance.objects.count() == 1
    assert list(Refusal.objects.order_by("id").values_list("code", "event_id")) == [
        ("JOURNEY_INSTANCE_ID_NOT_CREATED", "second"),
        ("JOURNEY_INSTANCE_ID_NOT_CREATED", "third"),
    ]


@pytest.mark.parametrize(
    ("allows", "wait_seconds", "after", "enters"),
    [
        (True, 300, timedelta(seconds=299), False),
        (True, 300, timedelta(seconds=300), True),
        (True, 0, timedelta(seconds=0), True),
        (False, 0, timedelta(days=30), False),
    ],
)
def test_reentrance(sandbox, signup, allows, wait_seconds, after, enters):
    make.live(
        sandbox,
        make.chain(start=start(signup), end=make.node("end")),
        allows_reentrance=allows,
        reentrance_wait_seconds=wait_seconds,
    )
    make.ingest(sandbox, make.event(sandbox))
    run()

    make.ingest(sandbox, make.event(sandbox), now=NOW + after)
    run(NOW + after)

    assert JourneyInstance.objects.count() == (2 if enters else 1)
    assert [r.code for r in Refusal.objects.all()] == ([] if enters else ["reentranceNotAllowed"])
    if enters:
        assert StepEvent.objects.filter(is_reentrance=True).count() == 1


def test_start_and_end_dates_keep_people_out(sandbox, signup):
    graph = make.chain(start=start(signup), end=make.node("end"))
    make.live(sandbox, graph, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)

    for offset in (timedelta(0), DAY, 2 * DAY):
        make.ingest(sandbox, make.event(sandbox, f"{offset.days}@example.com"), now=NOW + offset)

    assert [i.key for i in JourneyInstance.objects.all()] == ["1@example.com"]
    assert {r.code for r in Refusal.objects.all()} == {"beforeStartDate", "afterEndDate"}


def test_somebody_without_the_journeys_namespace_is_refused_with_a_code(sandbox, signup):
    make.live(sandbox, make.chain(start=start(signup), end=make.node("end")))

    make.ingest(sandbox, make.event(sandbox, identityMap={"CRMID": [{"id": "C1"}]}))

    assert Refusal.objects.get().code == "EXTERNAL_KEY_COMPUTATION_ERROR"


def test_one_event_may_start_two_journeys(sandbox, signup):
    for _ in range(2):
        make.live(sandbox, make.chain(start=start(signup), end=make.node("end")))

    make.ingest(sandbox, make.event(sandbox))
    run()

    assert [state for state, *_ in where()] == ["ended", "ended"]


def later_event(sandbox, signup, **params):
    purchase = make.event_definition(sandbox, "Purchase")
    graph = {
        "nodes": {
            "start": start(signup),
            "bought": make.node("unitary_event", definition=purchase.pk, **params),
            "yes": make.node("end"),
        },
        "edges": [
            {"id": "1", "src": "start", "outlet": "next", "dst": "bought"},
            {"id": "2", "src": "bought", "outlet": "next", "dst": "yes"},
        ],
    }
    if params.get("timeout_path"):
        graph["nodes"]["no"] = make.node("end")
        graph["edges"].append({"id": "3", "src": "bought", "outlet": "timeout", "dst": "no"})
    return make.live(sandbox, graph)


def test_an_event_wakes_who_waits_for_it(sandbox, signup):
    later_event(sandbox, signup)
    make.ingest(sandbox, make.event(sandbox, "a@example.com"), make.event(sandbox, "b@example.com"))
    run()
    assert EventWait.objects.count() == 2

    make.ingest(sandbox, make.event(sandbox, "a@example.com", event_type="purchase", total=5))
    run()

    assert where() == [("ended", "yes", "completed"), ("waiting", "bought", None)]
    assert EventWait.objects.count() == 1
    assert JourneyInstance.objects.first().context["event"]["Purchase"]["total"] == 5


def test_an_event_before_the_instance_waits_does_not_count(sandbox, signup):
    later_event(sandbox, signup)
    make.ingest(sandbox, make.event(sandbox, event_type="purchase"), make.event(sandbox))

    run()

    assert where() == [("waiting", "bought", None)]


@pytest.mark.parametrize(("path", "ends_at_node"), [(True, "no"), (False, "yes")])
def test_an_event_timeout(sandbox, signup, path, ends_at_node):
    later_event(sandbox, signup, has_timeout=True, amount=2, unit="days", timeout_path=path)
    make.ingest(sandbox, make.event(sandbox))
    run()

    run(NOW + 2 * DAY)

    assert where() == [("ended", ends_at_node, "completed")]
    assert StepEvent.objects.filter(status="timedout").count() == 1
    assert EventWait.objects.count() == 0


def parallel(sandbox, signup):
    purchase = make.event_definition(sandbox, "Purchase")
    graph = {
        "nodes": {
            "start": start(signup),
            "slow": wait(days=5),
            "quick": wait(days=2),
            "bought": make.node("unitary_event", definition=purchase.pk),
            "after_slow": make.node("end"),
            "after_quick": make.node("end"),
            "after_bought": make.node("end"),
        },
        "edges": [
            *(
                {"id": f"p{n}", "src": "start", "outlet": "next", "dst": n}
                for n in ("slow", "quick", "bought")
            ),
            *(
                {"id": f"q{n}", "src": n, "outlet": "next", "dst": f"after_{n}"}
                for n in ("slow", "quick", "bought")
            ),
        ],
    }
    return make.live(sandbox, graph)


def test_of_parallel_waits_and_events_the_first_wins(sandbox, signup):
    version = parallel(sandbox, signup)
    make.ingest(sandbox, make.event(sandbox, "waits@example.com"), make.event(sandbox, "buys@example.com"))
    run()
    assert {i.due_at for i in JourneyInstance.objects.all()} == {NOW + 2 * DAY}

    make.ingest(sandbox, make.event(sandbox, "buys@example.com", event_type="purchase"), now=NOW + DAY)
    run(NOW + DAY)
    run(NOW + 6 * DAY)  # late: both waits are over, the one that was over first wins

    assert {i.key: i.node_id for i in JourneyInstance.objects.filter(state="ended")} == {
        "waits@example.com": "after_quick",
        "buys@example.com": "after_bought",
    }
    assert EventWait.objects.count() == 0
    assert all(count.waiting == 0 for (_, outlet), count in tallies.counts(version.pk).items() if not outlet)


def test_the_global_timeout_ends_an_instance(sandbox, signup):
    later_event(sandbox, signup)
    make.ingest(sandbox, make.event(sandbox))
    run()
    assert JourneyInstance.objects.get().due_at == NOW + timedelta(days=91)

    run(NOW + timedelta(days=91))

    assert where() == [("ended", "bought", "globalTimeout")]
    assert StepEvent.objects.filter(status="instanceTimedout", is_end=True).count() == 1


def test_an_open_path_ends_there(sandbox, signup):
    make.live(sandbox, make.chain(start=start(signup), mail=make.mail(make.configuration(sandbox))))
    make.ingest(sandbox, make.event(sandbox))

    run()

    assert where() == [("ended", "mail", "completed")]
    assert Message.objects.count() == 1


class Explosive(NodeType):
    kind = "explosive"
    label = "Explosive"
    category = "orchestration"
    icon = "zap"

    @classmethod
    def run(cls, params, visits, now):
        for visit in visits:
            if visit.snapshot["profile"]().get("explosive"):
                raise RuntimeError("boom")
            yield Move(visit.instance_id, outlet="next")


def test_a_node_that_raises_fails_only_who_caused_it(sandbox, signup):
    node_types.scan()
    node_types._entries["explosive"] = Explosive
    try:
        make.live(sandbox, make.chain(start=start(signup), bang=make.node("explosive"), end=make.node("end")))
        make.person(sandbox, "b@example.com", explosive=True)
        make.ingest(sandbox, *(make.event(sandbox, f"{n}@example.com") for n in "abc"))
        run()
    finally:
        del node_types._entries["explosive"]

    assert sorted(where()) == [
        ("ended", "end", "completed"),
        ("ended", "end", "completed"),
        ("failed", "bang", "internalError"),
    ]
    assert "boom" in StepEvent.objects.get(status="error").detail["error"]


def test_stop_takes_everybody_out_and_close_lets_them_finish(sandbox, signup):
    graph = make.chain(start=start(signup), wait=wait(days=1), end=make.node("end"))
    stopped, closed = make.live(sandbox, graph), make.live(sandbox, graph)
    make.ingest(sandbox, make.event(sandbox))
    run()

    versions.stop(stopped, actor="tests")
    versions.close(closed, actor="tests")
    make.ingest(sandbox, make.event(sandbox, "late@example.com"))
    run(NOW + DAY)

    assert sorted(where()) == [("ended", "end", "completed"), ("ended", "wait", "journeyStopped")]


def test_an_entrance_that_raced_with_a_stop_leaves_again(sandbox, signup):
    version = make.live(sandbox, make.chain(start=start(signup), wait=wait(days=1), end=make.node("end")))
    make.ingest(sandbox, make.event(sandbox))
    JourneyVersion.objects.filter(pk=version.pk).update(
        status="stopped"
    )  # as if committed by another process

    run()

    assert where() == [("ended", "start", "journeyStopped")]


def test_a_newer_version_takes_new_people_and_the_older_finishes_its_own(sandbox, signup):
    first = make.live(sandbox, make.chain(start=start(signup), wait=wait(days=1), end=make.node("end")))
    make.ingest(sandbox, make.event(sandbox, "old@example.com"))
    run()
    second = versions.new_version(first.journey, actor="tests")
    versions.publish(second, actor="tests")

    make.ingest(sandbox, make.event(sandbox, "new@example.com"), make.event(sandbox, "old@example.com"))
    run()
    run(NOW + DAY)

    first.refresh_from_db()
    assert first.status == "closed"
    assert [(i.key, i.version_id) for i in JourneyInstance.objects.order_by("id")] == [
        ("old@example.com", first.pk),
        ("new@example.com", second.pk),
    ]
    assert [state for state, *_ in where()] == ["ended", "ended"]
    assert versions.finish_over(NOW) == 1


def test_the_end_date_finishes_a_version(sandbox, signup):
    graph = make.chain(start=start(signup), wait=wait(days=9), end=make.node("end"))
    version = make.live(sandbox, graph, ends_at=NOW + DAY)
    make.ingest(sandbox, make.event(sandbox))
    run()

    versions.finish_over(NOW + DAY)

    version.refresh_from_db()
    assert version.status == "finished"
    assert where() == [("ended", "wait", "journeyFinished")]


def test_counts_stay_exact_when_they_are_summed_up(sandbox, signup, monkeypatch):
    version = make.live(sandbox, make.chain(start=start(signup), end=make.node("end")))
    for n in range(3):
        make.ingest(sandbox, make.event(sandbox, f"{n}@example.com"))
        run()
    before = tallies.counts(version.pk)
    monkeypatch.setattr(tallies, "ROWS", "SELECT 5000")

    rows = tallies.compact()

    assert tallies.counts(version.pk) == before
    assert rows == len({(n, o) for n, o in before})


def test_the_claim_uses_its_index_and_skips_sleepers():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in sql.rows("EXPLAIN " + executor.CLAIM_DUE, [NOW, 100]))

    assert "instance_due" in plan
