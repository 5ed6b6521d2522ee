"""Forms of the journey pages."""

from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from ajo.core import audit
from journeys import errors
from journeys.models import JourneyVersion

UNITS = [("60", _("minutes")), ("3600", _("hours")), ("86400", _("days"))]
LONGEST_REENTRANCE_WAIT = 90 * 86_400


class LocalTimeInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class NewJourneyForm(forms.Form):
    """What a journey needs to begin: a name."""

    name = forms.CharField(
        max_length=120,
        label=_("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": _("Welcome new customers")}),
    )


class JourneyForm(forms.Form):
    """Name and entrance rules. Only a draft's rules can change; the name and description always can."""

    shown_when = {"wait_amount": ("allows_reentrance", True), "wait_unit": ("allows_reentrance", True)}
    halves = ("wait_amount", "wait_unit")
    OF_A_DRAFT = ("allows_reentrance", "wait_amount", "wait_unit", "timezone", "starts_at", "ends_at")

    name = forms.CharField(max_length=120, label=_("Name"))
    description = forms.CharField(
        required=False, label=_("Description"), widget=forms.Textarea(attrs={"rows": 2}), max_length=2_000
    )
    allows_reentrance = forms.BooleanField(required=False, label=_("People may come in again"))
    wait_amount = forms.IntegerField(
        required=False,
        min_value=0,
        label=_("After at least"),
    )
    wait_unit = forms.ChoiceField(required=False, choices=UNITS, label=_("Unit"))
    timezone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Dates below and waits until a date use it.")
    )
    starts_at = forms.DateTimeField(
        required=False,
        label=_("Start"),
        widget=LocalTimeInput,
        help_text=_("Left empty: at once when published."),
    )
    ends_at = forms.DateTimeField(
        required=False,
        label=_("End"),
        widget=LocalTimeInput,
        help_text=_("People who are still inside then leave. Left empty: no end."),
    )

    def __init__(self, *args, version: JourneyVersion, **kwargs) -> None:
        self.version = version
        unit = next(u for u in (86_400, 3_600, 60) if version.reentrance_wait_seconds % u == 0 or u == 60)
        zone = ZoneInfo(version.timezone)
        kwargs["initial"] = {
            "name": version.journey.name,
            "description": version.journey.description,
            "allows_reentrance": version.allows_reentrance,
            "wait_amount": version.reentrance_wait_seconds // unit,
            "wait_unit": str(unit),
            "timezone": version.timezone,
            "starts_at": version.starts_at.astimezone(zone).replace(tzinfo=None)
            if version.starts_at
            else None,
            "ends_at": version.ends_at.astimezone(zone).replace(tzinfo=None) if version.ends_at else None,
        }
        super().__init__(*args, **kwargs)
        self.fields["timezone"].choices = [
            (name, name.replace("_", " ")) for name in sorted(available_timezones())
        ]
        if version.status != JourneyVersion.Status.DRAFT:
            for name in self.OF_A_DRAFT:
                self.fields[name].disabled = True

    def clean(self) -> dict:
        values = super().clean()
        zone = ZoneInfo(values.get("timezone") or self.version.timezone)
        for name in ("starts_at", "ends_at"):
            if values.get(name):
                values[name] = values[name].replace(tzinfo=zone)
        if values.get("starts_at") and values.get("ends_at") and values["starts_at"] >= values["ends_at"]:
            self.add_error("ends_at", _("The end must be after the start."))
        seconds = (values.get("wait_amount") or 0) * int(values.get("wait_unit") or 60)
        if seconds > LONGEST_REENTRANCE_WAIT:
            self.add_error("wait_amount", _("At most 90 days."))
        values["reentrance_wait_seconds"] = seconds
        return values

    @transaction.atomic
    def store(self, *, actor: str) -> None:
        """Write the values; NameTaken when another journey of the sandbox has the name."""
        values, version, journey = self.cleaned_data, self.version, self.version.journey
        before = {name: self.initial.get(name) for name in self.changed_data}
        journey.name, journey.description = values["name"].strip(), values["description"]
        try:
            with transaction.atomic():
                journey.save(update_fields=["name", "description", "updated_at"])
        except IntegrityError as error:
            raise errors.NameTaken(name=journey.name) from error
        rules = {
            name: values[name]
            for name in ("allows_reentrance", "reentrance_wait_seconds", "timezone", "starts_at", "ends_at")
        }
        drafts = JourneyVersion.objects.filter(pk=version.pk, status=JourneyVersion.Status.DRAFT)
        drafts.update(**rules)
        if before:
            changes = {name: [str(old), str(values.get(name))] for name, old in before.items()}
            audit.record("journey.changed", version, actor=actor, sandbox=journey.sandbox_id, changes=changes)
