"""The addresses in a mail: the pixel, the links, the unsubscribe page. Public, signed, and served by the collector."""

import base64
import logging
from collections.abc import Callable
from functools import lru_cache, wraps

from django.db import Error, InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from ajo.core import clock
from channels_app.content import links
from channels_app.feedback import interactions
from channels_app.models import Link, Message
from profiles import consent
from profiles.errors import NotStored

log = logging.getLogger(__name__)

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@lru_cache(maxsize=10_000)
def link_of(content_id: int, position: int) -> tuple[str, str] | None:
    """(address, label) of a link; published content never changes."""
    return Link.objects.filter(content_id=content_id, position=position).values_list("url", "label").first()


def message_of(token: str, kind: bytes, address: str = "") -> tuple[Message, int] | None:
    """The message that a token of this kind was made for, and the position in it."""
    read = links.read(token, address)
    if read is None or read.kind != kind:
        return None
    message = Message.objects.filter(pk=read.message_id).first()
    return (message, read.position) if message else None


def observe(request: HttpRequest, message: Message, kind: str, **more: str) -> None:
    """Count an interaction; what cannot be stored now must not keep the reader from where they want to go."""
    if request.method != "GET":  # HEAD: a scanner that looks without reading
        return
    try:
        interactions.observe(message, kind, clock.now(), **more)
    except (NotStored, Error):
        log.exception("%s of message %s not stored", kind, message.pk)


@never_cache
@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """The pixel: always a picture; counted when the token holds."""
    try:
        if found := message_of(token, links.OPEN):
            observe(request, found[0], "open")
    except (OperationalError, InterfaceError):
        log.exception("an open is not counted")
    return HttpResponse(PIXEL, content_type="image/gif")


def answers_without_database(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """While the database is away a reader is asked to come back, not shown an error."""

    @wraps(view)
    def answered(request: HttpRequest, token: str) -> HttpResponse:
        try:
            return view(request, token)
        except (OperationalError, InterfaceError):
            log.exception("%s not answered", request.path)
            response = render(request, "channels_app/come_back.html", status=503)
            response["Retry-After"] = "10"
            return response

    return answered


@never_cache
@require_safe
@answers_without_database
def clicked(request: HttpRequest, token: str) -> HttpResponse:
    """Count the click and lead on: only to an address that stood in the message."""
    address = request.GET.get("u", "")
    found = message_of(token, links.CLICK, address)
    if found is None:
        return render(request, "channels_app/link_unknown.html", status=404)
    message, position = found
    known = link_of(message.content_id, position)
    target = address or (known[0] if known else "")
    if not links.is_web_address(target):
        return render(request, "channels_app/link_unknown.html", status=404)
    observe(request, message, "click", url=target, label=known[1] if known else "")
    return HttpResponseRedirect(target)


@csrf_exempt  # mail programs post here without a page of ours (RFC 8058); the token is the permission
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@answers_without_database
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST does: scanners that follow links must not unsubscribe anybody."""
    found = message_of(token, links.UNSUBSCRIBE)
    if found is None:
        return render(request, "channels_app/link_unknown.html", status=404)
    message, _ = found
    done = request.method == "POST"
    if done:
        now = clock.now()
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        with transaction.atomic():
            source = "one-click unsubscribe" if one_click else "unsubscribe page"
            consent.set_marketing(message.profile_id, "email", "n", source=source, now=now)
            interactions.observe(message, "unsubscribe", now)
    return render(request, "channels_app/unsubscribe.html", {"address": message.address, "done": done})
