"""The canvas page: the picture of a version, its edits, and its numbers."""

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ajo.core.permissions import needs
from ajo.core.web.toasts import toast
from journeys import drafts, errors
from journeys.models import JourneyVersion
from journeys.placing import outlets_of
from journeys.web.drawing import Drawing, DrawnNode, draw, listed, palette
from journeys.web.finding import wanted_version


@require_GET
@needs("journeys.view")
def page(request: HttpRequest, version_id: int) -> HttpResponse:
    """The canvas: the editor of a draft, otherwise the picture with its counts."""
    version = wanted_version(request, version_id)
    drawing = drawing_for(request, version)
    context = {
        "version": version,
        "journey": version.journey,
        "drawing": drawing,
        "versions": version.journey.versions.order_by("-number"),
        "palette": palette(request.access.sandbox) if drawing.can_edit else [],
    }
    return render(request, "journeys/canvas.html", context)


@require_GET
@needs("journeys.view")
def refresh(request: HttpRequest, version_id: int) -> HttpResponse:
    """The newest picture, after somebody else changed the draft."""
    version = wanted_version(request, version_id)
    return canvas_answer(request, version, description=_("The newest version is loaded."), is_refresh=True)


@require_POST
@needs("journeys.edit")
def operations(request: HttpRequest, version_id: int) -> HttpResponse:
    """One edit of a draft, from a form or as JSON; answers the new picture."""
    operation = posted_operation(request)
    try:
        outcome = drafts.apply(
            version_id,
            operation,
            revision=revision_of(operation),
            actor=request.access.actor,
            sandbox=request.access.sandbox,
        )
    except errors.StaleRevision:
        return stale_answer(request, version_id)
    response = canvas_answer(
        request,
        outcome.version,
        description=outcome.description,
        selected=outcome.selected,
        is_new=operation.get("op") in ("insert", "insert-beside", "paste", "duplicate"),
    )
    if operation.get("op") in ("delete", "disconnect") and outcome.description:
        toast(response, outcome.description, level="info", undo=True)
    return response


@require_GET
@needs("journeys.view")
def counts(request: HttpRequest, version_id: int) -> HttpResponse:
    """Live counts as elements to swap by id: the way without a WebSocket."""
    version = wanted_version(request, version_id)
    return render(request, "journeys/_counts.html", {"drawing": drawing_for(request, version)})


@require_GET
@needs("journeys.view")
def problems(request: HttpRequest, version_id: int) -> HttpResponse:
    """The list of problems; each leads to its activity."""
    version = wanted_version(request, version_id)
    drawing = drawing_for(request, version)
    context = {"version": version, "drawing": drawing, "rows": listed(drawing)}
    return render(request, "journeys/_problems.html", context)


@require_GET
@needs("journeys.edit")
def places(request: HttpRequest, version_id: int, node_id: str, purpose: str) -> HttpResponse:
    """A dialog for the keyboard: where to move a node, what to connect it to, or how to delete it."""
    version = wanted_version(request, version_id)
    if purpose not in PURPOSES:
        raise Http404
    drawing = drawing_for(request, version)
    drawn = next((d for d in drawing.nodes if d.node.id == node_id), None)
    if drawn is None:
        raise errors.BadOperation(_("This activity is not on the canvas any more."))
    context = {"version": version, "drawing": drawing, "drawn": drawn, "node": drawn.node}
    context |= PURPOSES[purpose](drawing, drawn, request.GET.get("outlet", ""))
    return render(request, f"journeys/_dialog_{purpose}.html", context)


def move_context(drawing: Drawing, drawn: DrawnNode, outlet: str) -> dict:
    behind = drawing.graph.reachable(drawn.node.id)
    takes_along = len(drawing.graph.out(drawn.node.id)) > 1
    own = {drawn.node.id}
    edges = [] if takes_along else [ln for ln in drawing.lines if ln.src not in own and ln.dst not in own]
    unreachable = behind if takes_along else own
    names = {d.node.id: d.name for d in drawing.nodes}
    return {
        "edges": [(ln, names[ln.src], names[ln.dst]) for ln in edges],
        "ends": [(end, names[end.node_id]) for end in drawing.ends if end.node_id not in unreachable],
    }


def connect_context(drawing: Drawing, drawn: DrawnNode, outlet: str) -> dict:
    graph, node = drawing.graph, drawn.node
    targets = [
        d
        for d in drawing.nodes
        if node.id not in graph.reachable(d.node.id) and d.node.id not in {e.dst for e in graph.out(node.id)}
    ]
    open_outlets = [o for o in outlets_of(node) if not graph.out(node.id, o.name)]
    return {"targets": targets, "outlets": open_outlets, "outlet": outlet}


def delete_context(drawing: Drawing, drawn: DrawnNode, outlet: str) -> dict:
    lines = [ln for ln in drawing.lines if ln.src == drawn.node.id]
    names = {d.node.id: d.name for d in drawing.nodes}
    return {"paths": [(ln, names[ln.dst]) for ln in lines]}


PURPOSES = {"move": move_context, "connect": connect_context, "delete": delete_context}


# --- answers that the panels share ----------------------------------------------------------------


def drawing_for(request: HttpRequest, version: JourneyVersion) -> Drawing:
    return draw(version, sandbox=request.access.sandbox, can_edit=request.access.may("journeys.edit"))


def canvas_answer(
    request: HttpRequest, version: JourneyVersion, *, description: str, **detail
) -> HttpResponse:
    """The changed parts of the page, each swapped by its id, and what to announce and select."""
    context = {"version": version, "journey": version.journey, "drawing": drawing_for(request, version)}
    response = render(request, "journeys/_update.html", context)
    announce(response, version, description=description, **detail)
    return response


def announce(response: HttpResponse, version: JourneyVersion, *, description: str, **detail) -> None:
    changed = {"description": description, "revision": version.revision, **detail}
    response.headers["HX-Trigger-After-Settle"] = json.dumps({"canvas:changed": changed})


def stale_answer(request: HttpRequest, version_id: int) -> HttpResponse:
    """Somebody else was first: say who, keep what is on the screen, offer the newest."""
    version = wanted_version(request, version_id)
    context = {
        "version": version,
        "editor": drafts.last_editor(version.pk),
        "refused": errors.StaleRevision(),
    }
    response = render(request, "journeys/_stale.html", context, status=409)
    response.headers["HX-Retarget"] = "#notice"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def posted_operation(request: HttpRequest) -> dict:
    if request.content_type == "application/json":
        try:
            operation = json.loads(request.body or b"{}")
        except ValueError:
            operation = None
        if not isinstance(operation, dict):
            raise errors.BadOperation(_("An edit is a JSON object."))
        return operation
    return {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}


def revision_of(values: dict) -> int:
    """The revision an edit started from; -1, which is never the latest, when it is missing."""
    try:
        return int(values.get("revision", -1))
    except (TypeError, ValueError):
        return -1
