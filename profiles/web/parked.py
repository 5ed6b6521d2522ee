"""Parked records: read why, mend, send on, or give up."""

import json

from django import forms
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ajo.core.errors import Refused
from ajo.core.permissions import needs
from ajo.core.web.dialogs import ask, go
from ajo.core.web.paging import page_of, searched, show_list
from profiles.ingest import parking
from profiles.models import ParkedRecord

Status = ParkedRecord.Status


class MessageForm(forms.Form):
    """The message as text; what is sent on is what stands here."""

    message = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 22, "class": "code", "spellcheck": "false"}),
    )

    def clean_message(self) -> str:
        text = self.cleaned_data["message"]
        try:
            self.parsed = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(_("This is not valid JSON: %(error)s") % {"error": error}) from error
        return text


@require_GET
@needs("operations.view")
def listing(request: HttpRequest) -> HttpResponse:
    everything = ParkedRecord.objects.filter(sandbox=request.access.sandbox)
    counted = dict(everything.order_by().values_list("status").annotate(Count("pk")))
    search, status = searched(request), request.GET.get("status", Status.PARKED)
    rows = everything.filter(status=status) if status in Status.values else everything
    if search:
        rows = rows.filter(
            Q(reason__icontains=search) | Q(code__icontains=search) | Q(message__icontains=search)
        )
    tabs = [
        {"value": value, "label": label, "count": counted.get(value, 0)} for value, label in Status.choices
    ]
    context = {
        "page": page_of(rows, request),
        "search": search,
        "status": status,
        "tabs": tabs,
        "is_empty": not counted,
    }
    return show_list(request, "profiles", context, name="parked")


@require_http_methods(["GET", "POST"])
@needs("operations.view")
def record(request: HttpRequest, record_id: int) -> HttpResponse:
    """One record; a post sends it on as it stands in the form."""
    parked = wanted(request, record_id)
    form = MessageForm(request.POST or None, initial={"message": pretty(parked.message)})
    if request.method == "POST":
        request.access.require("operations.replay")
        if form.is_valid():
            changed = form.parsed != safely_parsed(parked.message)
            try:
                count = parking.replay(
                    [parked.pk],
                    actor=request.access.actor,
                    message=form.parsed if changed else None,
                    sandbox=request.access.sandbox,
                )
            except Refused as refused:
                form.add_error("message", f"{refused.message} {refused.details.get('pointer', '')}")
            else:
                message = _("The record is on its way again.") if count else _("Somebody else was faster.")
                return go(request, reverse("parked:list"), message)
    return render(request, "profiles/parked_record.html", {"record": parked, "form": form})


@require_http_methods(["GET", "POST"])
@needs("operations.replay")
def discard(request: HttpRequest, record_id: int) -> HttpResponse:
    parked = wanted(request, record_id)
    if request.method == "GET":
        return ask(
            request,
            title=_("Give this record up?"),
            text=_("It is not processed. It stays readable under “Discarded”."),
            button=_("Discard"),
        )
    parking.discard([parked.pk], actor=request.access.actor, sandbox=request.access.sandbox)
    return go(request, reverse("parked:list"), _("The record is given up."))


@require_POST
@needs("operations.replay")
def replay_chosen(request: HttpRequest) -> HttpResponse:
    """The ticked records, as they came."""
    ids = [int(value) for value in request.POST.getlist("record") if value.isdigit()][:1000]
    count = parking.replay(ids, actor=request.access.actor, sandbox=request.access.sandbox)
    message = ngettext(
        "%(count)d record is on its way again.", "%(count)d records are on their way again.", count
    )
    return go(request, reverse("parked:list"), message % {"count": count})


def wanted(request: HttpRequest, record_id: int) -> ParkedRecord:
    return get_object_or_404(ParkedRecord, pk=record_id, sandbox=request.access.sandbox)


def safely_parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def pretty(text: str) -> str:
    """Indented when it is JSON at all."""
    parsed = safely_parsed(text)
    return json.dumps(parsed, indent=2, ensure_ascii=False) if parsed is not None else text
