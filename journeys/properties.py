"""What can be said of a journey besides its graph: name, description, and a draft's entrance rules."""

from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from ajo.core import audit
from journeys import errors, versions
from journeys.models import Journey, JourneyVersion

LONGEST_REENTRANCE_WAIT = 90 * 86_400  # seconds
RULES = ("allows_reentrance", "reentrance_wait_seconds", "timezone", "starts_at", "ends_at")


@transaction.atomic
def rename(journey: Journey, values: dict, *, actor: str) -> Journey:
    """Change name and description."""
    before = {name: getattr(journey, name) for name in values}
    changes = audit.differences(before, values)
    if not changes:
        return journey
    for name, value in values.items():
        setattr(journey, name, value)
    try:
        with transaction.atomic():
            journey.save(update_fields=[*values, "updated_at"])
    except IntegrityError as error:
        raise errors.NameTaken(name=journey.name) from error
    audit.record("journey.changed", journey, actor=actor, sandbox=journey.sandbox_id, changes=changes)
    return journey


@transaction.atomic
def delete(journey: Journey, *, actor: str) -> None:
    """Delete a journey that was never more than a draft."""
    journey = Journey.objects.select_for_update().get(pk=journey.pk)
    if journey.versions.exclude(status=JourneyVersion.Status.DRAFT).exists():
        raise errors.NotDeletable()
    audit.record("journey.deleted", journey, actor=actor, sandbox=journey.sandbox_id)
    journey.delete()


@transaction.atomic
def set_rules(version: JourneyVersion, values: dict, *, actor: str) -> JourneyVersion:
    """Change the entrance rules of a draft."""
    version = versions.locked(version)
    if version.status != JourneyVersion.Status.DRAFT:
        raise errors.NotADraft(status=version.status)
    before = {name: getattr(version, name) for name in values}
    if wrong := find_wrong({name: getattr(version, name) for name in RULES} | values):
        raise errors.PropertiesInvalid(errors=wrong)
    changes = audit.differences(before, values)
    if changes:
        for name, value in values.items():
            setattr(version, name, value)
        version.save(update_fields=[*values, "updated_at"])
        audit.record(
            "journey.changed", version, actor=actor, sandbox=version.journey.sandbox, changes=changes
        )
    return version


def find_wrong(rules: dict) -> dict[str, list[str]]:
    """What is wrong with entrance rules, by field."""
    wrong = {}
    if rules["timezone"] not in available_timezones():
        wrong["timezone"] = [f"There is no time zone {rules['timezone']!r}."]
    if rules["reentrance_wait_seconds"] > LONGEST_REENTRANCE_WAIT:
        wrong["reentrance_wait_seconds"] = ["At most 90 days."]
    if rules["starts_at"] and rules["ends_at"] and rules["starts_at"] >= rules["ends_at"]:
        wrong["ends_at"] = ["The end must be after the start."]
    return wrong
