"""What publishing refuses, and with which code."""

import pytest

from channels_app.models import Content
from journeys import errors, versions
from journeys.checks import problems_of
from journeys.models import JourneyVersion
from tests import factories as make

pytestmark = pytest.mark.django_db


def codes(data, sandbox=None):
    return {problem.code for problem in problems_of(data, sandbox=sandbox)}


def nodes(**kinds):
    return {name: make.node(kind) for name, kind in kinds.items()}


def edge(src, dst, outlet="next"):
    return {"id": f"{src}-{dst}", "src": src, "outlet": outlet, "dst": dst}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([], "ERR_MALFORMED"),
        ({"nodes": []}, "ERR_MALFORMED"),
        ({"nodes": {"a": {}}}, "ERR_MALFORMED"),
        ({"nodes": {"a b": {"kind": "end"}}}, "ERR_MALFORMED"),
        ({"nodes": {}, "edges": [{"src": 1}]}, "ERR_MALFORMED"),
        ({}, "ERR_EMPTY"),
        ({"nodes": nodes(a="teleport")}, "ERR_UNKNOWN_KIND"),
        ({"nodes": nodes(a="unitary_event"), "edges": [edge("a", "b")]}, "ERR_DANGLING_EDGE"),
        (
            {"nodes": nodes(a="unitary_event", b="end"), "edges": [edge("a", "b", "maybe")]},
            "ERR_UNKNOWN_OUTLET",
        ),
        (
            {
                "nodes": nodes(a="unitary_event", b="wait", c="wait"),
                "edges": [edge("a", "b"), edge("b", "c"), edge("c", "b")],
            },
            "ERR_CYCLE",
        ),
        ({"nodes": nodes(a="wait")}, "ERR_NO_START"),
        ({"nodes": nodes(a="unitary_event", b="unitary_event")}, "ERR_SECOND_START"),
        ({"nodes": nodes(a="unitary_event", b="wait")}, "ERR_UNCONNECTED"),
        (
            {
                "nodes": nodes(a="unitary_event", b="email", c="email"),
                "edges": [edge("a", "b"), edge("a", "c")],
            },
            "ERR_PARALLEL",
        ),
        (
            {"nodes": nodes(a="unitary_event", b="end"), "edges": [edge("a", "b"), edge("a", "b")]},
            "ERR_DOUBLE_EDGE",
        ),
        ({"nodes": nodes(**{f"n{i}": "end" for i in range(51)})}, "ERR_TOO_MANY_NODES"),
        ({"nodes": nodes(a="unitary_event")}, "ERR_SETTINGS"),
        ({"nodes": nodes(a="unitary_event")}, "WARN_NO_ACTION"),
    ],
)
def test_each_fault_has_its_code(data, code):
    assert code in codes(data)


def test_events_of_another_namespace_are_refused():
    sandbox = make.sandbox()
    first, second = make.event_definition(sandbox), make.event_definition(sandbox, "Login")
    from profiles.models import Namespace

    second.namespace = Namespace.objects.get(sandbox=sandbox, code="CRMID")
    second.save()
    graph = make.chain(
        start=make.node("unitary_event", definition=first.pk),
        later=make.node("unitary_event", definition=second.pk),
    )

    assert "ERR_NAMESPACE" in codes(graph, sandbox)


def test_what_belongs_to_another_sandbox_cannot_be_chosen():
    sandbox, other = make.sandbox(), make.sandbox()
    foreign_event, foreign_mail = make.event_definition(other), make.configuration(other)
    graph = make.chain(
        start=make.node("unitary_event", definition=foreign_event.pk), mail=make.mail(foreign_mail)
    )

    problems = problems_of(graph, sandbox=sandbox)

    assert {(p.node_id, p.field) for p in problems if p.code == "ERR_SETTINGS"} == {
        ("start", "definition"),
        ("mail", "configuration"),
    }


def test_publishing_refuses_errors_and_changes_nothing():
    sandbox = make.sandbox()
    version = versions.create(sandbox, "Empty", actor="tests")

    with pytest.raises(errors.GraphInvalid) as caught:
        versions.publish(version, actor="tests")

    assert caught.value.details["problems"][0]["code"] == "ERR_EMPTY"
    assert JourneyVersion.objects.get(pk=version.pk).status == "draft"


def test_publishing_freezes_the_content():
    sandbox = make.sandbox()
    signup, mails = make.event_definition(sandbox), make.configuration(sandbox)
    html = '<p><a href="https://example.com/a?b=1&amp;c=2">x</a></p>'
    graph = make.chain(
        start=make.node("unitary_event", definition=signup.pk), mail=make.mail(mails, "Hi", html)
    )

    version = make.live(sandbox, graph)

    content = Content.objects.get(pk=version.graph["nodes"]["mail"]["params"]["content_id"])
    assert content.parts["subject"] == "Hi"
    assert [link.url for link in content.links.all()] == ["https://example.com/a?b=1&c=2"]


def test_only_a_draft_can_be_published():
    sandbox = make.sandbox()
    version = make.live(
        sandbox, make.chain(start=make.node("unitary_event", definition=make.event_definition(sandbox).pk))
    )

    with pytest.raises(errors.NotADraft):
        versions.publish(version, actor="tests")


def test_a_new_version_begins_as_the_latest_without_what_publishing_added():
    sandbox = make.sandbox()
    signup, mails = make.event_definition(sandbox), make.configuration(sandbox)
    graph = make.chain(start=make.node("unitary_event", definition=signup.pk), mail=make.mail(mails))
    version = make.live(sandbox, graph)

    draft = versions.new_version(version.journey, actor="tests")

    assert draft.number == 2
    assert "content_id" not in draft.graph["nodes"]["mail"]["params"]
    with pytest.raises(errors.DraftExists):
        versions.new_version(version.journey, actor="tests")


def test_duplicates_get_free_names():
    sandbox = make.sandbox()
    version = versions.create(sandbox, "Welcome", actor="tests")

    names = [versions.duplicate(version.journey, actor="tests").journey.name for _ in range(3)]

    assert names == ["Welcome_copy", "Welcome_copy 2", "Welcome_copy 3"]
