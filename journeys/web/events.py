"""Event definitions: which events journeys may start on."""

import json

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ajo.core.errors import Refused
from ajo.core.models import Sandbox
from ajo.core.permissions import needs
from ajo.core.web.dialogs import ask, go
from ajo.core.web.paging import page_of, searched, show_list
from journeys import event_definitions
from journeys.errors import RuleInvalid
from journeys.models import EventDefinition
from profiles.models import Namespace


class EventForm(forms.ModelForm):
    """The rule is checked by the expression language, which also says what to write instead."""

    sample = forms.CharField(
        required=False,
        label=gettext_lazy("Sample event"),
        widget=forms.Textarea(attrs={"rows": 8, "class": "code", "spellcheck": "false"}),
        help_text=gettext_lazy("An event as it would come, as JSON. Field pickers and tests use it."),
    )

    class Meta:
        model = EventDefinition
        fields = ["name", "description", "rule", "namespace", "sample"]
        labels = {"namespace": gettext_lazy("Identifies people by")}
        widgets = {
            "rule": forms.Textarea(
                attrs={
                    "rows": 3,
                    "class": "code",
                    "spellcheck": "false",
                    "hx-trigger": "input changed delay:350ms, load",
                    "hx-target": "#rule-check",
                    "placeholder": 'event.eventType = "web.signup"',
                }
            )
        }

    def __init__(self, *args, sandbox: Sandbox, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rule"].widget.attrs["hx-post"] = reverse("events:check")
        self.fields["namespace"].queryset = Namespace.objects.filter(sandbox=sandbox)
        if not self.is_bound:
            sample = self.instance.sample or {}
            self.initial["sample"] = json.dumps(sample, indent=2, ensure_ascii=False) if sample else ""

    def clean_sample(self) -> dict:
        text = self.cleaned_data["sample"].strip()
        try:
            sample = json.loads(text or "{}")
        except ValueError as error:
            raise forms.ValidationError(_("This is not valid JSON: %(error)s") % {"error": error}) from error
        if not isinstance(sample, dict):
            raise forms.ValidationError(_("A sample is an object in braces."))
        return sample

    def clean_rule(self) -> str:
        try:
            event_definitions.check_rule(self.cleaned_data["rule"])
        except RuleInvalid as error:
            raise forms.ValidationError(error.message) from error
        return self.cleaned_data["rule"]

    def values(self) -> dict:
        values = {name: self.cleaned_data[name] for name in ("name", "description", "rule", "sample")}
        return values | {"namespace_id": self.cleaned_data["namespace"].pk}


@require_GET
@needs("configurations.view")
def listing(request: HttpRequest) -> HttpResponse:
    rows = EventDefinition.objects.filter(sandbox=request.access.sandbox).select_related("namespace")
    search = searched(request)
    if search:
        rows = rows.filter(
            Q(name__icontains=search) | Q(description__icontains=search) | Q(rule__icontains=search)
        )
    page = page_of(rows, request)
    for definition in page.object_list:
        definition.versions = list(event_definitions.used_in(definition))
    context = {"page": page, "search": search, "is_empty": not search and not page.paginator.count}
    return show_list(request, "journeys", context, name="events")


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def create(request: HttpRequest) -> HttpResponse:
    form = EventForm(request.POST or None, sandbox=request.access.sandbox)
    if request.method == "POST" and form.is_valid():
        try:
            event_definitions.create(request.access.sandbox, form.values(), actor=request.access.actor)
        except Refused as refused:
            form.add_error("name", refused.message)
        else:
            return go(request, reverse("events:list"), _("Journeys can start on this event now."))
    return render(request, "journeys/event.html", {"form": form, "definition": None})


@require_http_methods(["GET", "POST"])
@needs("configurations.view")
def edit(request: HttpRequest, definition_id: int) -> HttpResponse:
    definition = wanted(request, definition_id)
    kept = wanted(request, definition_id)  # the form writes into its own copy
    form = EventForm(request.POST or None, instance=definition, sandbox=request.access.sandbox)
    if request.method == "POST":
        request.access.require("configurations.edit")
        if form.is_valid():
            try:
                event_definitions.change(kept, form.values(), actor=request.access.actor)
            except Refused as refused:
                form.add_error("name", refused.message)
            else:
                return go(request, reverse("events:list"), _("Saved."))
    context = {"form": form, "definition": kept, "versions": event_definitions.used_in(kept)}
    return render(request, "journeys/event.html", context)


@require_http_methods(["GET", "POST"])
@needs("configurations.edit")
def delete(request: HttpRequest, definition_id: int) -> HttpResponse:
    definition = wanted(request, definition_id)
    if request.method == "GET":
        return ask(
            request,
            title=_("Delete the event “%(name)s”?") % {"name": definition.name},
            text=_("Events that came in stay. Only journeys cannot start on it any more."),
            button=_("Delete"),
        )
    event_definitions.delete(definition, actor=request.access.actor)
    return go(request, reverse("events:list"), _("The event is deleted."))


@require_POST
@needs("configurations.view")
def check(request: HttpRequest) -> HttpResponse:
    """What is wrong with a rule while it is written."""
    rule, problems = request.POST.get("rule", ""), []
    if rule.strip():
        try:
            event_definitions.check_rule(rule)
        except RuleInvalid as error:
            problems = error.details["problems"]
    return render(request, "journeys/_rule_check.html", {"rule": rule.strip(), "problems": problems})


def wanted(request: HttpRequest, definition_id: int) -> EventDefinition:
    return get_object_or_404(EventDefinition, pk=definition_id, sandbox=request.access.sandbox)
