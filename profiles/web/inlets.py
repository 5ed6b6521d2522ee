"""Inlets: the addresses that take records, with what a sender needs to begin."""

import json

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from ajo.core import clock
from ajo.core.models import Sandbox
from ajo.core.permissions import needs
from ajo.core.web.dialogs import ask, go
from ajo.core.web.paging import page_of, searched, show_list
from profiles import inlets
from profiles.models import Inlet, Schema


class InletForm(forms.Form):
    name = forms.CharField(
        max_length=120, label=gettext_lazy("Name"), help_text=gettext_lazy("Who sends here.")
    )
    needs_api_key = forms.BooleanField(
        required=False,
        label=gettext_lazy("Ask for an API key too"),
        help_text=gettext_lazy("For servers. A web page cannot keep a key secret."),
    )
    is_active = forms.BooleanField(required=False, initial=True, label=gettext_lazy("Takes records"))


@require_GET
@needs("configurations.view")
def listing(request: HttpRequest) -> HttpResponse:
    rows = Inlet.objects.filter(sandbox=request.access.sandbox)
    search = searched(request)
    if search:
        rows = rows.filter(name__icontains=search)
    page = page_of(rows, request)
    for inlet in page.object_list:
        inlet.address = address_of(inlet)
    context = {"page": page, "search": search, "is_empty": not search and not page.paginator.count}
    return show_list(request, "profiles", context, name="inlets")


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def create(request: HttpRequest) -> HttpResponse:
    form = InletForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        inlet = inlets.create(request.access.sandbox, form.cleaned_data, actor=request.access.actor)
        return go(request, reverse("inlets:edit", args=[inlet.pk]), _("The inlet is open."))
    return render(request, "profiles/inlet.html", {"form": form, "inlet": None})


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def edit(request: HttpRequest, inlet_id: int) -> HttpResponse:
    inlet = wanted(request, inlet_id)
    initial = {name: getattr(inlet, name) for name in inlets.FIELDS}
    form = InletForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        inlets.change(inlet, form.cleaned_data, actor=request.access.actor)
        return go(request, reverse("inlets:list"), _("Saved."))
    examples = {kind: example(request.access.sandbox, inlet, kind) for kind in Schema.RecordClass.values}
    context = {"form": form, "inlet": inlet, "address": address_of(inlet), "examples": examples}
    return render(request, "profiles/inlet.html", context)


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def renew(request: HttpRequest, inlet_id: int) -> HttpResponse:
    inlet = wanted(request, inlet_id)
    if request.method == "GET":
        return ask(
            request,
            title=_("Give “%(name)s” a new address?") % {"name": inlet.name},
            text=_("Senders that use the old address are refused within seconds. Do this when it leaked."),
            button=_("New address"),
        )
    inlets.renew_key(inlet, actor=request.access.actor)
    return go(request, reverse("inlets:edit", args=[inlet.pk]), _("The inlet has a new address."))


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def delete(request: HttpRequest, inlet_id: int) -> HttpResponse:
    inlet = wanted(request, inlet_id)
    if request.method == "GET":
        return ask(
            request,
            title=_("Delete the inlet “%(name)s”?") % {"name": inlet.name},
            text=_("What is still sent there is refused. What came in stays."),
            button=_("Delete"),
        )
    inlets.delete(inlet, actor=request.access.actor)
    return go(request, reverse("inlets:list"), _("The inlet is deleted."))


def wanted(request: HttpRequest, inlet_id: int) -> Inlet:
    return get_object_or_404(Inlet, pk=inlet_id, sandbox=request.access.sandbox)


def address_of(inlet: Inlet) -> str:
    return f"{settings.PUBLIC_URL}/collection/{inlet.key}"


def example(sandbox: Sandbox, inlet: Inlet, record_class: str) -> str:
    """A curl command that works as it stands."""
    schema = Schema.objects.filter(sandbox=sandbox, record_class=record_class).order_by("id").first()
    identity = {"identityMap": {"Email": [{"id": "ina@example.com", "primary": True}]}}
    if record_class == Schema.RecordClass.EVENT:
        now = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        entity = {"_id": "order-1001", "timestamp": now, "eventType": "commerce.purchases"} | identity
    else:
        name = {"name": {"firstName": "Ina", "lastName": "Okafor"}}
        entity = {"person": name, "personalEmail": {"address": "ina@example.com"}} | identity
    message = {"header": {"schemaRef": {"id": schema.uri if schema else ""}}, "body": {"xdmEntity": entity}}
    key = " \\\n  -H 'Authorization: Api-Key YOUR-KEY'" if inlet.needs_api_key else ""
    body = json.dumps(message, indent=2)
    kind = "-H 'Content-Type: application/json'"
    return f"curl '{address_of(inlet)}?syncValidation=true' \\\n  {kind}{key} \\\n  -d '{body}'"
