"""The panel beside the canvas: one node's settings or the journey's own, saved as they change."""

import json

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ajo.core.permissions import needs
from journeys import drafts, errors
from journeys.graph import Graph, Node
from journeys.models import JourneyVersion
from journeys.nodes import node_types
from journeys.nodes.base import NodeForm
from journeys.web.drawing import Drawing
from journeys.web.editor import announce, drawing_for, revision_of, stale_answer
from journeys.web.finding import wanted_version
from journeys.web.forms import JourneyForm
from profiles.expressions import ExprError, compile_text


@require_http_methods(["GET", "POST"])
@needs("journeys.view")
def node(request: HttpRequest, version_id: int, node_id: str) -> HttpResponse:
    """One node's settings. A draft keeps what was typed even where it is not right yet; the form says so."""
    if request.method == "GET":
        version = wanted_version(request, version_id)
        return render(request, "journeys/_node_panel.html", node_context(request, version, node_id))

    request.access.require("journeys.edit")
    version = wanted_version(request, version_id)
    before = wanted_node(version, node_id)
    form = node_form(before, request.POST, request)
    operation = {
        "op": "update",
        "node": node_id,
        "label": request.POST.get("label", before.label),
        "params": values_to_keep(form, before) if form else before.params,
    }
    try:
        outcome = drafts.apply(
            version_id,
            operation,
            revision=revision_of(request.POST),
            actor=request.access.actor,
            sandbox=request.access.sandbox,
        )
    except errors.StaleRevision:
        return stale_answer(request, version_id)
    context = node_context(request, outcome.version, node_id) | {"is_saved": True}
    response = render(request, "journeys/_node_saved.html", context)
    announce(response, outcome.version, description=outcome.description, saved=node_id)
    return response


@require_http_methods(["GET", "POST"])
@needs("journeys.view")
def journey(request: HttpRequest, version_id: int) -> HttpResponse:
    """The journey's own settings: name, entrance rules, dates."""
    version = wanted_version(request, version_id)
    can_edit = request.access.may("journeys.edit")
    is_saved = False
    if request.method == "POST":
        request.access.require("journeys.edit")
        form = JourneyForm(request.POST, version=version)
        if form.is_valid():
            form.store(actor=request.access.actor)
            is_saved = True
    else:
        form = JourneyForm(version=version)
    context = {
        "version": version,
        "journey": version.journey,
        "form": form,
        "is_saved": is_saved,
        "can_edit": can_edit,
    }
    return render(request, "journeys/_journey_panel.html", context)


@require_POST
@needs("journeys.view")
def check_expression(request: HttpRequest) -> HttpResponse:
    """What is wrong with an expression and where, while it is being written."""
    text, want = request.POST.get("expression", ""), request.POST.get("want") or "bool"
    context = {"text": text, "error": None}
    if text.strip():
        try:
            compile_text(text, want=want)
        except ExprError as error:
            context |= {"error": error} | split_at(text, error)
    return render(request, "journeys/_expression_check.html", context)


def split_at(text: str, error: ExprError) -> dict:
    """The text before, at and after the mistake."""
    start = max(0, min(error.start or 0, len(text)))
    end = max(start + 1, error.end or 0)
    return {
        "before": ("…" if start > 40 else "") + text[max(0, start - 40) : start],
        "wrong": text[start:end] or "…",
        "after": text[end : end + 40],
        "column": start + 1,
    }


# --- helpers --------------------------------------------------------------------------------------


def wanted_node(version: JourneyVersion, node_id: str) -> Node:
    found = Graph.from_json(version.graph).nodes.get(node_id)
    if found is None:
        raise errors.BadOperation(_("This activity is not on the canvas any more."))
    return found


def node_form(found: Node, values: object, request: HttpRequest) -> NodeForm | None:
    node_type = node_types.get(found.kind)
    if node_type is None:
        return None
    form = node_type.Params(data=values, sandbox=request.access.sandbox)
    form.is_draft = True
    form.use_required_attribute = False
    return form


def node_context(request: HttpRequest, version: JourneyVersion, node_id: str) -> dict:
    drawing = drawing_for(request, version)
    drawn = next((d for d in drawing.nodes if d.node.id == node_id), None)
    if drawn is None:
        raise errors.BadOperation(_("This activity is not on the canvas any more."))
    form = node_form(drawn.node, drawn.node.params, request)
    if form is not None and not drawing.can_edit:
        form.is_draft = drawing.is_draft
        for field in form.fields.values():
            field.widget.attrs["disabled"] = True
    return {
        "version": version,
        "journey": version.journey,
        "drawing": drawing,
        "drawn": drawn,
        "node": drawn.node,
        "node_type": drawn.node_type,
        "form": form,
        "paths": paths_of(drawing, node_id),
        "general_problems": [p for p in drawn.problems if p.field is None],
    }


def paths_of(drawing: Drawing, node_id: str) -> list[dict]:
    """The ways out of a node and where each leads, open ones too."""
    names = {d.node.id: d.name for d in drawing.nodes}
    lines = [
        {"line": ln, "label": ln.label, "target": names[ln.dst]} for ln in drawing.lines if ln.src == node_id
    ]
    ends = [{"end": end, "label": end.outlet.label} for end in drawing.ends if end.node_id == node_id]
    return lines + ends


def values_to_keep(form: forms.Form, before: Node) -> dict:
    """The settings to store: cleaned where they are right, as typed where they are not."""
    form.is_valid()
    kept = dict(before.params)
    for name, field in form.fields.items():
        raw = field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
        value = form.cleaned_data.get(name, raw)
        kept[name] = value if is_json(value) else raw
    return kept


def is_json(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
