"""Messages: what went out, what did not, and why."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ajo.core import audit
from ajo.core.permissions import needs
from ajo.core.web.dialogs import go
from ajo.core.web.paging import page_of, searched, show_list
from ajo.reporting import people
from channels_app.content.contents import plain_subject
from channels_app.delivery import outbox
from channels_app.delivery.checks import in_words
from channels_app.models import Message, MessageEvent
from profiles.models import Profile

State = Message.State


@require_GET
@needs("messages.view")
def listing(request: HttpRequest) -> HttpResponse:
    everything = Message.objects.filter(sandbox=request.access.sandbox)
    search, state = searched(request), request.GET.get("status", "")
    rows = everything.filter(state=state) if state in State.values else everything
    if search:
        rows = (
            rows.filter(address__in={search, search.lower()})
            if "@" in search
            else rows.filter(profile_id__in=ids_of(request, search))
        )
    page = page_of(rows.select_related("content").order_by("-created_at", "-id"), request)
    shown = list(page.object_list)
    describe(shown)
    page.object_list = shown
    context = {
        "page": page,
        "search": search,
        "status": state,
        "tabs": [
            {"value": value, "label": label} for value, label in State.choices if value != State.SENDING
        ],
        "is_empty": not search and not state and not page.paginator.count,
    }
    return show_list(request, "channels_app", context, name="messages")


@require_GET
@needs("messages.view")
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    rows = Message.objects.select_related("content__configuration")
    found = get_object_or_404(rows, pk=message_id, sandbox=request.access.sandbox)
    describe([found])
    events = list(
        MessageEvent.objects.filter(message_id=found.pk, sandbox=found.sandbox_id).order_by("at", "id")
    )
    for event in events:
        event.text = in_words(event.reason) or (event.detail or {}).get("url", "")
    return render(request, "channels_app/message.html", {"message": found, "events": events})


@require_POST
@needs("operations.replay")
def requeue(request: HttpRequest, message_id: int) -> HttpResponse:
    """Send a failed message again."""
    found = get_object_or_404(Message, pk=message_id, sandbox=request.access.sandbox)
    count = outbox.requeue(request.access.sandbox.pk, [found.pk])
    if count:
        audit.record("message.requeued", found, actor=request.access.actor, sandbox=request.access.sandbox)
    text = (
        _("The message is in the outbox again.")
        if count
        else _("Only a message that failed can be sent again.")
    )
    return go(request, reverse("messages:page", args=[found.pk]), text)


def ids_of(request: HttpRequest, search: str) -> list[int]:
    """The people whom the search finds; not too many, so that the index over their messages is used."""
    return list(people.search(request.access.sandbox, search).values_list("pk", flat=True)[:500])


def describe(messages: list[Message]) -> None:
    """Put the names of person, journey and activity, and the reason in words, beside each message."""
    versions = people.versions_by_id({m.journey_version_id for m in messages if m.journey_version_id})
    persons = Profile.objects.in_bulk({m.profile_id for m in messages})
    for m in messages:
        m.version = versions.get(m.journey_version_id)
        m.node_label = people.place_of(m.version, m.node_id) if m.node_id else ""
        m.person = persons.get(m.profile_id)
        m.reason_text = in_words(m.reason)
        m.subject = plain_subject(m.content.parts) if m.content else ""
