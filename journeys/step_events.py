"""Step events under the names the field knows: `journeyVersionID`, `stepStatus`, `instanceEnded`."""

from collections.abc import Mapping

from django.db.models import QuerySet

from ajo.core.errors import BadInput
from journeys.graph import Graph
from journeys.models import JourneyInstance, JourneyVersion, StepEvent

STEP_STATUS = {"ended": "endStep", "timedout": "timedOut"}  # the rest is called as we call it

FILTERS = {
    "profileID": "profile_id",
    "instanceID": "instance_id",
    "nodeID": "node_id",
    "stepStatus": "status",
}


def of_version(version: JourneyVersion, wanted: Mapping[str, str]) -> QuerySet[StepEvent]:
    """The steps of a version, narrowed by fields under their outside names."""
    filters = {column: wanted[name] for name, column in FILTERS.items() if wanted.get(name)}
    if "status" in filters:
        inside = {outside: own for own, outside in STEP_STATUS.items()}
        filters["status"] = inside.get(filters["status"], filters["status"])
    if filters.get("instance_id", "").isdigit() and "profile_id" not in filters:
        # steps are indexed by person: the instance leads there
        instance = JourneyInstance.objects.filter(pk=filters["instance_id"], version=version).first()
        filters["profile_id"] = str(instance.profile_id if instance else 0)
    return only(StepEvent.objects.filter(version_id=version.pk), filters)


def only(rows: QuerySet, filters: Mapping[str, str]) -> QuerySet:
    """Rows where each column has the wanted value; BadInput for an id that is no number."""
    for column, value in filters.items():
        is_number = value.isdigit() and len(value) < 19
        if column.endswith(("profile_id", "instance_id")) and not is_number:
            raise BadInput(f"{column} must be a number.", field=column)
    return rows.filter(**filters)


def fields_of(step: StepEvent, version: JourneyVersion, graph: Graph) -> dict:
    """One step of one instance. `graph` is the version's, read once for many steps."""
    node = graph.nodes.get(step.node_id)
    is_error = step.status == "error"
    detail = step.detail or {}
    fields = {
        "stepID": str(step.pk),
        "timestamp": step.at.isoformat(),
        "journeyID": str(version.journey_id),
        "journeyVersionID": str(version.pk),
        "journeyVersionName": version.journey.name,
        "journeyVersion": str(version.number),
        "instanceID": str(step.instance_id),
        "instanceType": "unitary",
        "profileID": str(step.profile_id),
        "nodeID": step.node_id,
        "nodeName": (node.label if node else "") or step.node_id,
        "nodeType": step.kind,
        "stepName": (node.label if node else "") or step.node_id,
        "stepType": step.kind,
        "stepStatus": STEP_STATUS.get(step.status, step.status),
        "entrance": step.is_entrance,
        "reentrance": step.is_reentrance,
        "instanceEnded": step.is_end,
        "eventCode": step.code,
        "outlet": step.outlet,
        "visit": step.visit,
        "inTest": False,
    }
    if is_error:
        fields |= {"actionExecutionError": step.code, "actionErrorContext": detail.get("error")}
    return fields
