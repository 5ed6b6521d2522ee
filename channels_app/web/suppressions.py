"""The suppression list: addresses that are never sent to."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from ajo.core.errors import Refused
from ajo.core.permissions import needs
from ajo.core.web.dialogs import ask, go
from ajo.core.web.paging import page_of, searched, show_list
from channels_app.deliverability import suppression
from channels_app.models import Suppression


class SuppressionForm(forms.Form):
    address = forms.EmailField(max_length=320, label=gettext_lazy("Address"))
    detail = forms.CharField(max_length=500, required=False, label=gettext_lazy("Why"))


@require_GET
@needs("messages.view")
def listing(request: HttpRequest) -> HttpResponse:
    rows = Suppression.objects.filter(sandbox=request.access.sandbox)
    search = searched(request)
    if search:
        rows = rows.filter(address__icontains=search)
    page = page_of(rows, request)
    context = {"page": page, "search": search, "is_empty": not search and not page.paginator.count}
    return show_list(request, "channels_app", context, name="suppressions")


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def add(request: HttpRequest) -> HttpResponse:
    form = SuppressionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            suppression.add_by_hand(
                request.access.sandbox, values["address"], detail=values["detail"], actor=request.access.actor
            )
        except Refused as refused:
            form.add_error("address", refused.message)
        else:
            return go(request, reverse("suppressions:list"), _("Nothing is sent there any more."))
    template = "channels_app/_suppression_add.html" if request.htmx else "channels_app/suppression_add.html"
    return render(request, template, {"form": form})


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def remove(request: HttpRequest, suppression_id: int) -> HttpResponse:
    row = get_object_or_404(Suppression, pk=suppression_id, sandbox=request.access.sandbox)
    if request.method == "GET":
        return ask(
            request,
            title=_("Send to %(address)s again?") % {"address": row.address},
            text=_("Sending to an address that bounces or complains harms the reputation of the sender."),
            button=_("Take off the list"),
        )
    suppression.remove(row, actor=request.access.actor)
    return go(request, reverse("suppressions:list"), _("The address is off the list."))
