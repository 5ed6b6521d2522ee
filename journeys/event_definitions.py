"""Event definitions: set up, changed, deleted unless a journey needs them."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ajo.core import audit
from ajo.core.models import Sandbox
from journeys import errors
from journeys.models import EventDefinition, JourneyVersion
from profiles.expressions import ExprError, compile_text

Status = JourneyVersion.Status
NEEDED_IN = (Status.DRAFT, Status.LIVE, Status.CLOSED)
FIELDS = ("name", "description", "rule", "namespace_id", "sample")
RULE_ROOTS = frozenset({"trigger"})  # the event being judged, which rules call `event`


def check_rule(text: str) -> None:
    """Refuse a rule that cannot be read, with its position and a hint."""
    try:
        compile_text(text, want="bool", roots=RULE_ROOTS)
    except ExprError as error:
        found = getattr(error, "errors", (error,))
        raise errors.RuleInvalid(str(error), problems=[problem.to_json() for problem in found]) from error


@transaction.atomic
def create(sandbox: Sandbox, values: dict, *, actor: str) -> EventDefinition:
    check_rule(values["rule"])
    definition = EventDefinition(sandbox=sandbox, **values)
    _save(definition)
    audit.record("event_definition.created", definition, actor=actor, sandbox=sandbox)
    return definition


@transaction.atomic
def change(definition: EventDefinition, values: dict, *, actor: str) -> EventDefinition:
    """Change a definition. Live journeys hear of the new rule with the next event."""
    if "rule" in values:
        check_rule(values["rule"])
    renamed = values.get("name", definition.name) != definition.name
    if renamed and (versions := list(used_in(definition))):
        raise errors.EventInUse(
            "Expressions of these journeys name the event; it keeps its name while they use it.",
            journeys=[str(version) for version in versions],
        )
    before = {name: getattr(definition, name) for name in values}
    if changes := audit.differences(before, values):
        for name, value in values.items():
            setattr(definition, name, value)
        _save(definition)
        audit.record(
            "event_definition.changed",
            definition,
            actor=actor,
            sandbox=definition.sandbox_id,
            changes=changes,
        )
    return definition


@transaction.atomic
def delete(definition: EventDefinition, *, actor: str) -> None:
    """Delete a definition that no draft, live or closed version uses."""
    locked = EventDefinition.objects.select_for_update().get(pk=definition.pk)
    if versions := list(used_in(locked)):
        raise errors.EventInUse(journeys=[str(version) for version in versions])
    audit.record("event_definition.deleted", locked, actor=actor, sandbox=locked.sandbox_id)
    locked.delete()


def used_in(definition: EventDefinition) -> QuerySet[JourneyVersion]:
    """The versions whose graph names this definition and that still run or are drawn."""
    return _using(definition, JourneyVersion.objects.filter(status__in=NEEDED_IN))


def _using(definition: EventDefinition, versions: QuerySet[JourneyVersion]) -> QuerySet[JourneyVersion]:
    ids = [
        version_id
        for version_id, graph in versions.filter(journey__sandbox_id=definition.sandbox_id).values_list(
            "id", "graph"
        )
        if any(
            str(node.get("params", {}).get("definition")) == str(definition.pk)
            for node in graph.get("nodes", {}).values()
        )
    ]
    return (
        JourneyVersion.objects.filter(pk__in=ids)
        .select_related("journey")
        .order_by("journey__name", "-number")
    )


def _save(definition: EventDefinition) -> None:
    try:
        with transaction.atomic():
            definition.save()
    except IntegrityError as error:
        raise errors.EventNameTaken(name=definition.name) from error
