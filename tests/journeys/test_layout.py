"""The tidy picture of a graph."""

import time

import pytest

from journeys.graph import Edge, Graph, Node
from journeys.layout import layout
from journeys.nodes.base import Outlet


def graph(*ways: str) -> Graph:
    """`"a>b"` or `"a:gold>b"`: ways from an outlet to a node, in order."""
    nodes, edges = {}, []
    for number, way in enumerate(ways, start=1):
        start, dst = way.split(">")
        src, _, outlet = start.partition(":")
        for node_id in (src, dst):
            nodes.setdefault(node_id, Node(node_id, "step"))
        edges.append(Edge(f"e{number}", src, outlet or "next", dst))
    return Graph(nodes, tuple(edges))


def picture(drawn: Graph, **outlets: list[str]):
    """The layout, with one unnamed outlet for every node that is not given others."""
    return layout(
        drawn, lambda node: [Outlet(name, name.strip("_")) for name in outlets.get(node.id, ["next"])]
    )


def test_time_runs_from_left_to_right():
    places = picture(graph("a>b", "b>c")).nodes

    assert places["a"].x < places["b"].x < places["c"].x
    assert places["a"].middle == places["b"].middle == places["c"].middle


def test_paths_stand_in_the_order_of_the_outlets_not_of_the_edges():
    drawn = graph("a:silver>s", "a:gold>g", "a:bronze>b")

    places = picture(drawn, a=["gold", "silver", "bronze"]).nodes

    assert places["g"].y < places["s"].y < places["b"].y
    assert places["a"].middle == places["s"].middle


def test_an_open_outlet_ends_in_an_end_of_its_own_in_its_place():
    result = picture(graph("a:one>b", "a:three>c"), a=["one", "two", "three"])

    two = next(end for end in result.ends if end.outlet.name == "two")
    assert two.id == "end-a-two"
    assert result.nodes["b"].y < two.box.y < result.nodes["c"].y


def test_a_join_stands_after_the_longest_branch():
    places = picture(graph("a:x>b", "a:y>d", "b>c", "c>d"), a=["x", "y"]).nodes

    assert places["d"].x > places["c"].x


def test_what_only_joins_another_branch_keeps_a_row_of_its_own():
    result = picture(graph("a:x>b", "a:y>d", "a:z>e", "b>d"), a=["x", "y", "z"])

    assert result.nodes["b"].y < result.lines["e2"].label_y < result.nodes["e"].middle


def test_lost_nodes_stand_below():
    drawn = graph("a>b")
    drawn.nodes["lost"] = Node("lost", "step")

    places = picture(drawn).nodes

    assert places["lost"].y > places["a"].y
    assert places["lost"].x == places["a"].x


def test_no_two_boxes_lie_on_each_other():
    result = picture(
        graph("a:x>b", "a:y>c", "b>d", "c>d", "d:m>e", "d:n>f", "e>g", "a:z>g"),
        a=["x", "y", "z"],
        d=["m", "n"],
    )
    boxes = [*result.nodes.values(), *(end.box for end in result.ends)]

    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            apart = (
                one.right <= other.x
                or other.right <= one.x
                or one.y + one.h <= other.y
                or other.y + other.h <= one.y
            )
            assert apart, (one, other)


def test_an_edge_of_a_path_that_is_gone_is_still_drawn():
    result = picture(graph("a:gone>b"), a=["next"])

    assert "e1" in result.lines
    assert [end.outlet.name for end in result.ends if end.node_id == "a"] == ["next"]


def test_an_empty_graph_has_an_empty_picture():
    assert picture(Graph()).nodes == {}


def test_a_circle_has_no_picture():
    with pytest.raises(ValueError, match="circle"):
        picture(graph("a>b", "b>a"))


def test_long_chains_are_fast_and_need_no_recursion():
    drawn = graph(*(f"n{i}>n{i + 1}" for i in range(3_000)))

    began = time.perf_counter()
    places = picture(drawn).nodes

    assert len(places) == 3_001
    assert time.perf_counter() - began < 2
