"""Channel configurations: set up, tried with a test mail, switched off."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ajo.core import clock
from ajo.core.errors import Refused
from ajo.core.permissions import needs
from ajo.core.web.dialogs import ask, go
from ajo.core.web.paging import page_of, searched, show_list
from ajo.core.web.toasts import toast
from channels_app import configurations
from channels_app.channels.base import providers
from channels_app.models import Configuration


class PlainForm(forms.ModelForm):
    """What every configuration has, whatever its channel."""

    class Meta:
        model = Configuration
        fields = ["name", "message_type", "is_active"]
        labels = {"is_active": gettext_lazy("Can be used")}
        help_texts = {
            "message_type": gettext_lazy("Marketing asks for consent and carries an unsubscribe address."),
        }


class ConfigurationForms:
    """The three forms of a configuration as one: plain fields, the channel's, the provider's."""

    def __init__(
        self, request: HttpRequest, configuration: Configuration | None, channel: str, provider: str
    ) -> None:
        posted = request.POST if request.method == "POST" else None
        known = dict(configuration.settings) if configuration else {}
        self.provider = configurations.provider_of(channel, provider)
        self.plain = PlainForm(posted, instance=configuration)
        self.sender = configurations.CHANNELS[channel](posted, initial=known)
        self.delivery = self.provider.Settings(posted, initial=known)
        for name in self.provider.secret_fields:
            if configuration and (configuration.secrets or {}).get(name):
                self.delivery.fields[name].widget.attrs["placeholder"] = _(
                    "Stored; type a new one to replace it"
                )

    def are_valid(self) -> bool:
        return all([self.plain.is_valid(), self.sender.is_valid(), self.delivery.is_valid()])

    def values(self) -> tuple[dict, dict]:
        """(plain, settings with secrets)."""
        return self.plain.cleaned_data, self.sender.cleaned_data | self.delivery.cleaned_data


@require_GET
@needs("configurations.view")
def listing(request: HttpRequest) -> HttpResponse:
    rows = Configuration.objects.filter(sandbox=request.access.sandbox)
    search = searched(request)
    if search:
        rows = rows.filter(name__icontains=search)
    page = page_of(rows, request)
    for configuration in page.object_list:
        provider = providers.get(configuration.provider)
        configuration.provider_label = provider.label if provider else configuration.provider
    context = {"page": page, "search": search, "is_empty": not search and not page.paginator.count}
    return show_list(request, "channels_app", context, name="configurations")


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def create(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("provider", "smtp")
    entered = ConfigurationForms(request, None, "email", kind)
    if request.method == "POST" and entered.are_valid():
        plain, values = entered.values()
        try:
            made = configurations.create(
                request.access.sandbox, plain, values, actor=request.access.actor, provider=kind
            )
        except Refused as refused:
            entered.plain.add_error("name", refused.message)
        else:
            address = reverse("configurations:edit", args=[made.pk])
            return go(request, address, _("Saved. Send a test mail to see that it works."))
    offered = [provider for provider in providers if provider.channel == "email"]
    context = {"forms": entered, "configuration": None, "providers": offered}
    return render(request, "channels_app/configuration.html", context)


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def edit(request: HttpRequest, configuration_id: int) -> HttpResponse:
    kept = wanted(request, configuration_id)
    shown = wanted(request, configuration_id)  # the form writes into its own copy
    entered = ConfigurationForms(request, shown, kept.channel, kept.provider)
    if request.method == "POST" and entered.are_valid():
        plain, values = entered.values()
        try:
            configurations.change(kept, plain, values, actor=request.access.actor)
        except Refused as refused:
            entered.plain.add_error("name", refused.message)
        else:
            return go(request, reverse("configurations:list"), _("Saved."))
    context = {"forms": entered, "configuration": kept, "test_address": request.user.email}
    return render(request, "channels_app/configuration.html", context)


@require_POST
@needs("configurations.edit")
def test(request: HttpRequest, configuration_id: int) -> HttpResponse:
    """Send the stored configuration's test mail; what came of it, in words."""
    configuration = wanted(request, configuration_id)
    address = request.POST.get("address", "").strip()
    context = {"address": address, "problem": ""}
    try:
        context["answer"] = configurations.send_test(
            configuration, address, actor=request.access.actor, now=clock.now()
        )
    except Refused as refused:
        context["problem"] = refused.message
    return render(request, "channels_app/_test_mail.html", context)


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def delete(request: HttpRequest, configuration_id: int) -> HttpResponse:
    configuration = wanted(request, configuration_id)
    if request.method == "GET":
        return ask(
            request,
            title=_("Delete “%(name)s”?") % {"name": configuration.name},
            text=_(
                "Only a configuration that no published message uses can be deleted. Others are switched off."
            ),
            button=_("Delete"),
        )
    try:
        configurations.delete(configuration, actor=request.access.actor)
    except Refused as refused:
        if request.htmx:
            return toast(HttpResponse(status=204), refused.message, level="danger")
        raise
    return go(request, reverse("configurations:list"), _("The configuration is deleted."))


def wanted(request: HttpRequest, configuration_id: int) -> Configuration:
    return get_object_or_404(Configuration, pk=configuration_id, sandbox=request.access.sandbox)
