"""The activity of docs/extending/node-type.md: one file, and it is drawn, published and run."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from journeys import drafts, errors, versions
from journeys.engine import executor, tallies
from journeys.graph import Graph
from journeys.models import JourneyInstance, StepEvent
from journeys.nodes import node_types
from profiles.models import Profile
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def percentage_split(add_example):
    add_example("node-type.md", "journeys.nodes", "percentage_split", node_types)


@pytest.fixture
def sandbox():
    return make.sandbox()


def run():
    while executor.run_once(NOW):
        pass


def split_graph(sandbox, shares: str) -> dict:
    """Start, split, and an end for each path."""
    ends = [f"end{n}" for n, _ in enumerate(shares.split(","), start=1)]
    nodes = {
        "start": make.node("unitary_event", definition=make.event_definition(sandbox).pk),
        "split": make.node("percentage_split", shares=shares),
        **{end: make.node("end") for end in ends},
    }
    edges = [{"id": "e0", "src": "start", "outlet": "next", "dst": "split"}]
    edges += [
        {"id": f"e{n}", "src": "split", "outlet": f"path{n}", "dst": end}
        for n, end in enumerate(ends, start=1)
    ]
    return {"nodes": nodes, "edges": edges}


def test_it_is_in_the_palette_of_pages_and_api(client, sandbox):
    client.force_login(make.user("ana", role="marketer", of=sandbox))
    version = versions.create(sandbox, "Split", actor="ana")
    api = APIClient(headers={"authorization": f"Api-Key {make.api_key(sandbox, 'journeys.view')}"})

    page = client.get(reverse("journeys:canvas", args=[version.pk]))
    answer = api.get("/api/v1/node-types/percentage_split/")

    assert "Percentage split" in page.content.decode()
    assert answer.json()["outlets"] == [
        {"name": "path1", "label": "50 %"},
        {"name": "path2", "label": "50 %"},
    ]


def test_the_panel_draws_its_form_and_keeps_what_is_typed(client, sandbox):
    client.force_login(make.user("ana", role="marketer", of=sandbox))
    version = versions.create(sandbox, "Split", actor="ana")
    event = {
        "op": "insert",
        "kind": "unitary_event",
        "params": {"definition": make.event_definition(sandbox).pk},
    }
    drafts.apply(version.pk, event, revision=0, actor="ana", sandbox=sandbox)
    split = {"op": "insert", "kind": "percentage_split", "at": "n1", "outlet": "next"}
    drafts.apply(version.pk, split, revision=1, actor="ana", sandbox=sandbox)
    panel = reverse("journeys:node", args=[version.pk, "n2"])

    drawn = client.get(panel).content.decode()
    typed = client.post(panel, {"label": "Split", "shares": "60, 30, 5", "revision": 2})

    assert 'value="50, 50"' in drawn
    assert "The shares add up to 95; they must make 100." in typed.content.decode()
    version.refresh_from_db()
    assert version.graph["nodes"]["n2"]["params"] == {"shares": "60, 30, 5"}


def test_it_is_drawn_and_a_draft_keeps_what_is_not_right_yet(sandbox):
    version = versions.create(sandbox, "Split", actor="ana")
    definition = make.event_definition(sandbox)
    revision, at = 0, {}

    def do(op: str, **fields) -> str:
        nonlocal revision
        edit = {"op": op, **fields}
        outcome = drafts.apply(version.pk, edit, revision=revision, actor="ana", sandbox=sandbox)
        revision = outcome.version.revision
        return outcome.selected

    at["start"] = do("insert", kind="unitary_event", params={"definition": definition.pk}, label="Signup")
    at["split"] = do("insert", kind="percentage_split", at=at["start"], outlet="next")
    do("insert", kind="end", at=at["split"], outlet="path2")
    do("update", node=at["split"], label="Half", params={"shares": "70, 20"})

    version.refresh_from_db()
    graph = Graph.from_json(version.graph)
    assert graph.nodes[at["split"]].params == {"shares": "70, 20"}
    with pytest.raises(errors.GraphInvalid) as refusal:
        versions.publish(version, actor="ana")
    (problem,) = refusal.value.details["problems"]
    assert (problem["node_id"], problem["field"]) == (at["split"], "shares")
    assert problem["message"] == "The shares add up to 90; they must make 100."

    do("update", node=at["split"], label="Half", params={"shares": "70, 30"})
    assert versions.publish(version, actor="ana").status == "live"


def test_people_are_split_by_share_and_always_take_the_same_path(sandbox):
    version = make.live(sandbox, split_graph(sandbox, "20, 70, 10"), reentrance_wait_seconds=0)
    people = [f"p{n}@example.com" for n in range(500)]

    def once() -> dict[int, str]:
        make.ingest(sandbox, *(make.event(sandbox, email) for email in people))
        run()
        taken = StepEvent.objects.filter(node_id="split").order_by("id")
        return dict(list(taken.values_list("profile_id", "outlet"))[-500:])

    first, second = once(), once()

    assert len(first) == 500
    assert first == second
    assert Profile.objects.count() == 500
    assert JourneyInstance.objects.filter(state="ended").count() == 1000
    counts = tallies.counts(version.pk)
    shares = [counts[("split", f"path{n}")].exited / 1000 for n in (1, 2, 3)]
    assert sum(shares) == 1
    assert shares == [pytest.approx(share, abs=0.08) for share in (0.2, 0.7, 0.1)]


@pytest.mark.parametrize(
    ("shares", "problem"),
    [("50, 50", None), ("100, 0", None), ("50, 40", "add up to 90"), ("50", "valid value"), ("", "required"),
     (", ".join(["9"] * 11), "at most 10 paths"), ("a, b", "valid value")],
)  # fmt: skip
def test_its_settings_are_checked_and_drawn_even_unfinished(shares, problem):
    split = node_types["percentage_split"]

    _, wrong = split.clean({"shares": shares})

    assert (problem in wrong["shares"][0]) if problem else not wrong
    assert len(split.outlets({"shares": shares})) >= 1
