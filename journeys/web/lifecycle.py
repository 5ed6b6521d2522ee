"""Publishing, closing, stopping and copying, each asked about first."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ajo.core.permissions import needs
from journeys import versions
from journeys.errors import BadOperation
from journeys.models import JourneyInstance, JourneyVersion
from journeys.placing import name_of, start_of
from journeys.web.drawing import listed
from journeys.web.editor import drawing_for
from journeys.web.finding import wanted_journey, wanted_version

Status = JourneyVersion.Status
LEVELS = {"success": messages.SUCCESS, "warning": messages.WARNING}


@require_http_methods(["GET", "POST"])
@needs("journeys.publish")
def publish(request: HttpRequest, version_id: int) -> HttpResponse:
    """What stands in the way, or what will happen; then do it."""
    version = wanted_version(request, version_id)
    if request.method == "POST":
        versions.publish(version, actor=request.access.actor)
        return to_canvas(request, version_id, _("Published. People can come in from now on."))
    drawing = drawing_for(request, version)
    live = version.journey.versions.filter(status=Status.LIVE).first()
    context = {
        "version": version,
        "journey": version.journey,
        "drawing": drawing,
        "rows": listed(drawing),
        "start": name_of(start) if (start := start_of(drawing.graph)) else "",
        "actions": [d for d in drawing.nodes if d.node_type and d.node_type.category == "actions"],
        "live": live,
        "inside_live": people_inside(live) if live else 0,
    }
    return render(request, "journeys/_dialog_publish.html", context)


@require_http_methods(["GET", "POST"])
@needs("journeys.publish")
def close(request: HttpRequest, version_id: int) -> HttpResponse:
    version = wanted_version(request, version_id)
    if request.method == "POST":
        versions.close(version, actor=request.access.actor)
        return to_canvas(request, version_id, _("Closed to new entrances."))
    context = {
        "title": _("Close this version to new entrances?"),
        "text": "",
        "points": [
            _("Nobody new comes in."),
            inside_sentence(people_inside(version), _("They finish their way as drawn.")),
            _("A closed version cannot be opened again; make a new version instead."),
        ],
        "button": _("Close to new entrances"),
        "action": reverse("journeys:close", args=[version_id]),
    }
    return render(request, "ui/_confirm.html", context)


@require_http_methods(["GET", "POST"])
@needs("journeys.publish")
def stop(request: HttpRequest, version_id: int) -> HttpResponse:
    version = wanted_version(request, version_id)
    if request.method == "POST":
        if request.POST.get("typed", "").strip() != version.journey.name:
            raise BadOperation(_("Type the journey's name to stop it."))
        versions.stop(version, actor=request.access.actor)
        return to_canvas(request, version_id, _("Stopped. Nobody is inside any more."), level="warning")
    context = {
        "title": _("Stop this version?"),
        "text": _("For emergencies. It cannot be undone."),
        "points": [
            _("Nobody new comes in."),
            inside_sentence(
                people_inside(version), _("They leave at once, and what they wait for is forgotten.")
            ),
        ],
        "typed": version.journey.name,
        "danger": True,
        "button": _("Stop now"),
        "action": reverse("journeys:stop", args=[version_id]),
    }
    return render(request, "ui/_confirm.html", context)


@require_POST
@needs("journeys.edit")
def new_version(request: HttpRequest, version_id: int) -> HttpResponse:
    """A draft that begins as the latest version; the existing draft when there is one."""
    journey = wanted_version(request, version_id).journey
    draft = journey.versions.filter(status=Status.DRAFT).first()
    draft = draft or versions.new_version(journey, actor=request.access.actor)
    return to_canvas(request, draft.pk, "")


@require_POST
@needs("journeys.edit")
def duplicate(request: HttpRequest, journey_id: int) -> HttpResponse:
    copy = versions.duplicate(wanted_journey(request, journey_id), actor=request.access.actor)
    return to_canvas(request, copy.pk, "")


def people_inside(version: JourneyVersion) -> int:
    return version.instances.filter(state=JourneyInstance.State.WAITING).count()


def inside_sentence(count: int, what_happens: str) -> str:
    if not count:
        return _("Nobody is inside at the moment.")
    people = ngettext("%(count)d person is inside.", "%(count)d people are inside.", count) % {"count": count}
    return f"{people} {what_happens}"


def to_canvas(request: HttpRequest, version_id: int, message: str, *, level: str = "success") -> HttpResponse:
    """Go to a version's canvas, and say there what was done."""
    address = reverse("journeys:canvas", args=[version_id])
    if message:
        messages.add_message(request, LEVELS[level], message)
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)
