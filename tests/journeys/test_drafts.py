"""Every edit of a draft, what it refuses, undo and redo."""

import pytest

from ajo.core.errors import NotFound
from journeys import drafts, errors, versions
from journeys.graph import MAX_NODES, Graph
from journeys.models import JourneyVersion
from tests import factories as make

pytestmark = pytest.mark.django_db


class Draft:
    """A draft that follows its own revisions."""

    def __init__(self) -> None:
        self.sandbox = make.sandbox()
        self.definition = make.event_definition(self.sandbox)
        self.version = versions.create(self.sandbox, "Welcome", actor="ana")
        self.revision = 0

    def do(self, op: str, **fields) -> str | None:
        outcome = drafts.apply(
            self.version.pk, {"op": op, **fields}, revision=self.revision, actor="ana", sandbox=self.sandbox
        )
        self.revision = outcome.version.revision
        self.said = outcome.description
        return outcome.selected

    def event(self) -> str:
        return self.do(
            "insert", kind="unitary_event", params={"definition": self.definition.pk}, label="Signup"
        )

    def add(self, kind: str, at: str, outlet: str = "next", **more) -> str:
        return self.do("insert", kind=kind, at=at, outlet=outlet, **more)

    def condition(self, at: str, *paths: str) -> str:
        rows = [{"id": p, "label": p, "expression": f'profile.tier = "{p}"'} for p in paths]
        return self.add("condition", at, params={"paths": rows, "other_cases": True})

    @property
    def graph(self) -> Graph:
        self.version.refresh_from_db()
        return Graph.from_json(self.version.graph)

    @property
    def ways(self) -> set[tuple[str, str, str]]:
        return {(e.src, e.outlet, e.dst) for e in self.graph.edges}


@pytest.fixture
def draft() -> Draft:
    return Draft()


def edge_of(draft: Draft, src: str, dst: str) -> str:
    return next(e.id for e in draft.graph.edges if (e.src, e.dst) == (src, dst))


# --- insert ---------------------------------------------------------------------------------------


def test_the_first_activity_must_be_one_that_starts_a_journey(draft):
    with pytest.raises(errors.BadOperation, match="starts with an event"):
        draft.do("insert", kind="wait")

    assert draft.graph.nodes == {}
    assert draft.event() == "n1"


def test_a_new_node_takes_what_its_form_proposes_and_what_the_palette_sets(draft):
    event = draft.event()
    wait = draft.add("wait", event)

    assert draft.graph.nodes[event].params["definition"] == draft.definition.pk
    assert draft.graph.nodes[wait].params == {"method": "duration", "amount": 1, "unit": "days"}


def test_inserting_on_an_edge_splits_it_and_keeps_the_first_half(draft):
    event = draft.event()
    end = draft.add("end", event)
    before = edge_of(draft, event, end)

    wait = draft.do("insert", kind="wait", edge=before)

    assert draft.ways == {(event, "next", wait), (wait, "next", end)}
    assert edge_of(draft, event, wait) == before


def test_an_end_cannot_stand_on_an_edge(draft):
    event = draft.event()
    wait = draft.add("wait", event)

    with pytest.raises(errors.BadOperation, match="where a path is open"):
        draft.do("insert", kind="end", edge=edge_of(draft, event, wait))

    assert draft.ways == {(event, "next", wait)}


def test_inserting_without_a_place_puts_it_before_the_start(draft):
    old = draft.event()

    new = draft.event()

    assert draft.ways == {(new, "next", old)}


def test_waits_and_events_may_stand_side_by_side_and_actions_may_not(draft):
    event = draft.event()
    wait = draft.add("wait", event)

    beside = draft.do("insert-beside", kind="unitary_event", node=wait)
    with pytest.raises(errors.BadOperation, match="side by side"):
        draft.do("insert-beside", kind="email", node=wait)

    assert draft.ways == {(event, "next", wait), (event, "next", beside)}


def test_a_journey_has_a_largest_size(draft):
    last = draft.event()
    for _ in range(MAX_NODES - 1):
        last = draft.add("wait", last)

    with pytest.raises(errors.BadOperation, match=str(MAX_NODES)):
        draft.add("wait", last)

    assert len(draft.graph.nodes) == MAX_NODES


# --- move -----------------------------------------------------------------------------------------


def test_moving_closes_the_gap_it_leaves(draft):
    event = draft.event()
    wait = draft.add("wait", event)
    mail = draft.add("email", wait)
    end = draft.add("end", mail)

    draft.do("move", node=wait, edge=edge_of(draft, mail, end))

    assert draft.ways == {(event, "next", mail), (mail, "next", wait), (wait, "next", end)}


def test_a_branching_node_moves_with_what_follows_and_only_to_an_open_path(draft):
    event = draft.event()
    first = draft.condition(event, "a", "b")
    second = draft.add(
        "condition", first, outlet="a", params={"paths": [{"id": "x", "label": "x", "expression": ""}]}
    )
    left, right = draft.add("wait", second, outlet="x"), draft.add("wait", second, outlet="other")

    with pytest.raises(errors.BadOperation, match="several paths"):
        draft.do("move", node=second, edge=edge_of(draft, event, first))
    draft.do("move", node=second, at=first, outlet="b")

    assert (first, "b", second) in draft.ways
    assert {(second, "x", left), (second, "other", right)} < draft.ways
    assert not draft.graph.out(first, "a")


def test_nothing_moves_behind_itself(draft):
    event = draft.event()
    first = draft.condition(event, "a", "b")
    draft.add("wait", first, outlet="a")
    inner = draft.add("wait", first, outlet="b")

    with pytest.raises(errors.BadOperation, match="behind itself"):
        draft.do("move", node=first, at=inner, outlet="next")


# --- delete ---------------------------------------------------------------------------------------


def test_deleting_reconnects(draft):
    event = draft.event()
    wait = draft.add("wait", event)
    end = draft.add("end", wait)

    selected = draft.do("delete", node=wait)

    assert draft.ways == {(event, "next", end)}
    assert selected == event


def test_deleting_a_branching_node_asks_which_path_to_keep(draft):
    event = draft.event()
    condition = draft.condition(event, "a", "b")
    left, right = draft.add("wait", condition, outlet="a"), draft.add("email", condition, outlet="b")
    after = draft.add("wait", right)
    draft.do("connect", at=left, outlet="next", target=after)

    with pytest.raises(errors.BadOperation, match="which one to keep"):
        draft.do("delete", node=condition)
    draft.do("delete", node=condition, keep=edge_of(draft, condition, left))

    assert draft.ways == {(event, "next", left), (left, "next", after)}
    assert right not in draft.graph.nodes


def test_deleting_with_what_follows_spares_what_others_lead_to(draft):
    event = draft.event()
    condition = draft.condition(event, "a", "b")
    left, right = draft.add("wait", condition, outlet="a"), draft.add("wait", condition, outlet="b")
    shared = draft.add("email", left)
    draft.do("connect", at=right, outlet="next", target=shared)

    draft.do("delete", node=left, keep="none")

    assert draft.ways == {(event, "next", condition), (condition, "b", right), (right, "next", shared)}


def test_deleting_beside_others_refuses_what_may_not_stand_there(draft):
    event = draft.event()
    wait = draft.add("wait", event)
    draft.do("insert-beside", kind="wait", node=wait)
    draft.add("email", wait)

    with pytest.raises(errors.BadOperation, match="side by side"):
        draft.do("delete", node=wait)


# --- connect, disconnect, update ------------------------------------------------------------------


def test_branches_meet_again_and_circles_are_refused(draft):
    event = draft.event()
    condition = draft.condition(event, "a", "b")
    left, right = draft.add("wait", condition, outlet="a"), draft.add("wait", condition, outlet="b")
    after = draft.add("email", left)

    draft.do("connect", at=right, outlet="next", target=after)
    with pytest.raises(errors.BadOperation, match="circle"):
        draft.do("connect", at=after, outlet="next", target=condition)
    with pytest.raises(errors.BadOperation, match="already"):
        draft.do("connect", at=right, outlet="next", target=after)

    assert {(left, "next", after), (right, "next", after)} < draft.ways


def test_disconnecting_leaves_both_sides(draft):
    event = draft.event()
    wait = draft.add("wait", event)

    draft.do("disconnect", edge=edge_of(draft, event, wait))

    assert draft.ways == set()
    assert set(draft.graph.nodes) == {event, wait}


def test_a_removed_path_leaves_what_followed_unconnected(draft):
    event = draft.event()
    condition = draft.condition(event, "a", "b")
    left, right = draft.add("wait", condition, outlet="a"), draft.add("wait", condition, outlet="b")
    params = draft.graph.nodes[condition].params

    draft.do("update", node=condition, label="Tier", params=params | {"paths": params["paths"][:1]})

    assert (condition, "a", left) in draft.ways
    assert right in draft.graph.nodes
    assert not draft.graph.into(right)
    assert "no longer connected" in draft.said
    assert draft.graph.nodes[condition].label == "Tier"


def test_reordering_paths_keeps_their_connections(draft):
    condition = draft.condition(draft.event(), "a", "b")
    left = draft.add("wait", condition, outlet="a")
    params = draft.graph.nodes[condition].params

    draft.do("update", node=condition, params=params | {"paths": params["paths"][::-1]})

    assert (condition, "a", left) in draft.ways


def test_duplicate_and_paste_copy_settings(draft):
    event = draft.event()
    wait = draft.add("wait", event, label="A while", params={"amount": 3})
    other = versions.create(draft.sandbox, "Other", actor="ana")

    copy = draft.do("duplicate", node=wait)
    pasted = drafts.apply(
        other.pk,
        {"op": "paste", "from_version": draft.version.pk, "from_node": event},
        revision=0,
        actor="ana",
        sandbox=draft.sandbox,
    )

    assert draft.graph.nodes[copy].params == draft.graph.nodes[wait].params
    assert draft.graph.nodes[copy].label == "A while"
    assert pasted.graph.nodes["n1"].params["definition"] == draft.definition.pk


def test_nothing_is_pasted_out_of_another_sandbox(draft):
    elsewhere = Draft()
    event = elsewhere.event()

    with pytest.raises(errors.BadOperation, match="not there any more"):
        draft.do("paste", from_version=elsewhere.version.pk, from_node=event)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "explode"},
        {"op": "insert", "kind": "teleport"},
        {"op": "insert", "kind": "wait", "at": "n9"},
        {"op": "insert", "kind": "wait", "edge": "e9"},
        {"op": "insert", "kind": "wait", "at": "n1", "outlet": "maybe"},
        {"op": "insert", "kind": "wait", "at": "n1", "params": "not json"},
        {"op": "move", "node": "n9"},
        {"op": "delete", "node": "n9"},
        {"op": "connect", "at": "n1", "target": "n1"},
        {"op": "undo-everything"},
        {},
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(draft, operation):
    draft.event()
    before = draft.graph

    with pytest.raises(errors.BadOperation):
        drafts.apply(draft.version.pk, operation, revision=1, actor="ana", sandbox=draft.sandbox)

    assert draft.graph == before
    assert draft.version.revision == 1


# --- undo, revisions, doors -----------------------------------------------------------------------


def test_undo_and_redo_walk_through_all_edits(draft):
    event = draft.event()
    draft.add("wait", event)
    both = draft.graph

    draft.do("undo")
    draft.do("undo")
    assert draft.graph.nodes == {}
    with pytest.raises(errors.BadOperation, match="nothing to undo"):
        draft.do("undo")
    draft.do("redo")
    draft.do("redo")

    assert draft.graph == both
    with pytest.raises(errors.BadOperation, match="nothing to redo"):
        draft.do("redo")


def test_a_new_edit_forgets_what_could_be_redone(draft):
    event = draft.event()
    draft.add("wait", event)
    draft.do("undo")

    draft.add("email", event)

    assert not drafts.can_redo(draft.version)
    assert drafts.can_undo(draft.version)


def test_a_stale_revision_is_refused_and_nothing_is_lost(draft):
    draft.event()
    draft.add("wait", "n1")

    with pytest.raises(errors.StaleRevision):
        drafts.apply(
            draft.version.pk, {"op": "delete", "node": "n1"}, revision=1, actor="bob", sandbox=draft.sandbox
        )

    assert set(draft.graph.nodes) == {"n1", "n2"}


def test_only_a_draft_changes(draft):
    draft.event()
    JourneyVersion.objects.filter(pk=draft.version.pk).update(status="live")

    with pytest.raises(errors.NotADraft):
        draft.add("wait", "n1")


def test_a_draft_of_another_sandbox_does_not_exist(draft):
    with pytest.raises(NotFound):
        drafts.apply(
            draft.version.pk, {"op": "undo"}, revision=0, actor="bob", sandbox=make.sandbox("elsewhere")
        )


def test_an_edit_that_changes_nothing_makes_no_revision(draft):
    draft.event()

    draft.do("rename", node="n1", label="Signup")

    assert draft.revision == 1
    assert draft.version.edits.count() == 1
