"""The canvas as its user has it: by mouse and by keyboard, in a real browser against a real server."""

import pytest

from journeys import drafts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_activity_dropped_on_a_connection_splits_it(canvas):
    canvas.drag(".palette-item[data-kind=email]", "#spot-e1")
    canvas.settles_at(3)

    assert canvas.ways == {("n1", "n3"), ("n3", "n2")}
    canvas.page.wait_for_selector("#node-form[data-node=n3]")
    assert canvas.page.get_attribute("#node-n3", "aria-selected") == "true"


def test_an_activity_dropped_anywhere_else_does_nothing(canvas):
    canvas.drag(".palette-item[data-kind=email]", ".stage-tools")
    canvas.page.wait_for_timeout(300)

    assert canvas.page.input_value("#revision") == "2"


def test_a_node_is_moved_with_the_mouse(canvas):
    canvas.drag(".palette-item[data-kind=email]", "#spot-end-n2-next")
    canvas.settles_at(3)
    canvas.fits(panel_of="n3")

    canvas.drag("#node-n2", "#spot-end-n3-next")
    canvas.settles_at(4)

    assert canvas.ways == {("n1", "n3"), ("n3", "n2")}


def test_an_activity_is_added_with_the_keyboard_alone(canvas):
    keyboard = canvas.page.keyboard
    canvas.page.focus("#node-n1")

    keyboard.press("ArrowRight")
    keyboard.press("a")
    keyboard.type("ema")
    keyboard.press("Enter")
    canvas.settles_at(3)

    assert canvas.ways == {("n1", "n2"), ("n2", "n3")}
    assert canvas.nodes["n3"]["kind"] == "email"
    canvas.page.wait_for_function("() => document.activeElement.id === 'node-n3'")


def test_undo_and_redo_from_the_keyboard_and_the_buttons(canvas):
    canvas.page.focus("#node-n2")
    canvas.page.keyboard.press("Delete")
    canvas.settles_at(3)
    assert list(canvas.nodes) == ["n1"]

    canvas.page.keyboard.press("Control+z")
    canvas.settles_at(4)
    assert list(canvas.nodes) == ["n1", "n2"]

    canvas.page.click("[data-do=redo]")
    canvas.settles_at(5)
    assert list(canvas.nodes) == ["n1"]


def test_settings_are_saved_as_they_change_and_shown_on_the_node(canvas):
    canvas.page.click("#node-n2")
    canvas.page.fill("[name=amount]", "3")
    canvas.page.fill("[name=label]", "A while")
    canvas.page.keyboard.press("Tab")
    canvas.settles_at(4)

    assert (canvas.nodes["n2"]["label"], canvas.nodes["n2"]["params"]["amount"]) == ("A while", 3)
    assert canvas.page.inner_text("#node-n2 .node-summary") == "Wait · 3 days"


def test_what_was_typed_is_saved_when_another_node_is_opened(canvas):
    canvas.page.click("#node-n2")
    canvas.page.fill("[name=label]", "Typed and left")
    canvas.page.click("#node-n1")
    canvas.page.wait_for_selector("#node-form[data-node=n1]")

    assert canvas.nodes["n2"]["label"] == "Typed and left"


def test_a_condition_gets_paths_and_says_what_is_wrong_with_an_expression(canvas):
    canvas.drag(".palette-item[data-kind=condition]", "#spot-end-n2-next")
    canvas.settles_at(3)
    canvas.page.wait_for_selector("#node-form[data-node=n3]")

    canvas.page.click("[data-row-add]")
    canvas.settles_at(4)
    canvas.page.locator("[name=paths-expression]").first.fill("profile.tier ==")
    canvas.page.wait_for_selector(".expression-check .invalid-note mark")

    assert canvas.page.locator(".open-end").count() == 3
    assert [path["id"] for path in canvas.nodes["n3"]["params"]["paths"]] == ["path1", "path2"]


def test_deleting_a_branching_node_asks_what_to_keep(canvas):
    canvas.drag(".palette-item[data-kind=condition]", "#spot-e1")
    canvas.settles_at(3)
    canvas.fits(panel_of="n3")
    canvas.drag(".palette-item[data-kind=email]", "#spot-end-n3-other")
    canvas.settles_at(4)

    canvas.page.focus("#node-n3")
    canvas.page.keyboard.press("Delete")
    canvas.page.click("#dialog >> text=Keep the path Other cases")
    canvas.page.click("#dialog .btn-danger")
    canvas.settles_at(5)

    assert canvas.ways == {("n1", "n4")}


def test_an_open_end_is_drawn_to_a_node(canvas):
    canvas.drag(".palette-item[data-kind=condition]", "#spot-e1")
    canvas.settles_at(3)
    canvas.fits(panel_of="n3")

    canvas.drag("#end-n3-other", "#node-n2")
    canvas.settles_at(4)

    assert canvas.ways == {("n1", "n3"), ("n3", "n2")}
    assert len(canvas.version.graph["edges"]) == 3


def test_a_problem_in_the_list_leads_to_its_field(canvas):
    canvas.drag(".palette-item[data-kind=email]", "#spot-end-n2-next")
    canvas.settles_at(3)

    canvas.page.click(".problems-button")
    canvas.page.click(".problem[data-field=subject]")

    canvas.page.wait_for_function("() => document.activeElement.name === 'subject'")


def test_the_second_of_two_editors_keeps_what_was_typed(canvas):
    sandbox = canvas.version.journey.sandbox
    canvas.page.click("#node-n2")
    canvas.page.wait_for_selector("#node-form[data-node=n2]")
    theirs = {"op": "insert", "kind": "email", "at": "n2", "outlet": "next"}
    drafts.apply(canvas.version.pk, theirs, revision=2, actor="bob", sandbox=sandbox)

    canvas.page.fill("[name=label]", "Mine")
    canvas.page.keyboard.press("Tab")
    canvas.page.click("#stale button")
    canvas.settles_at(4)

    assert canvas.nodes["n2"]["label"] == "Mine"
    assert "n3" in canvas.nodes
    assert canvas.page.locator("#node-n3").count() == 1


def test_an_empty_canvas_teaches_and_takes_an_event(canvas):
    for node in ("n2", "n1"):
        canvas.page.focus(f"#node-{node}")
        canvas.page.keyboard.press("Delete")
        canvas.page.wait_for_selector(f"#node-{node}", state="detached")

    assert canvas.page.get_attribute(".palette-item[data-kind=email]", "aria-disabled") == "true"
    canvas.drag(".palette .palette-item[data-kind=unitary_event]", ".canvas-empty")
    canvas.settles_at(5)

    assert list(canvas.nodes) == ["n1"]
