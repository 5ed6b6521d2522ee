"""The palette: every kind of activity with its form, as a client needs it to draw one."""

from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from ajo.core.models import Sandbox
from journeys.api.serializers import NodeTypeSerializer
from journeys.nodes import node_types
from journeys.nodes.base import NodeType

FIELD_TYPES: list[tuple[type[forms.Field], str]] = [
    (forms.BooleanField, "boolean"),
    (forms.IntegerField, "integer"),
    (forms.FloatField, "number"),
    (forms.MultipleChoiceField, "choices"),
    (forms.ChoiceField, "choice"),
    (forms.CharField, "text"),
]


class NodeTypeViewSet(viewsets.ViewSet):
    """Kinds of activities."""

    needs = "journeys.view"
    lookup_field = "kind"

    @extend_schema(summary="The palette", responses=NodeTypeSerializer(many=True))
    def list(self, request) -> Response:
        return Response([as_json(node_type, request.auth.sandbox) for node_type in node_types])

    @extend_schema(
        summary="One kind of activity",
        responses=NodeTypeSerializer,
        parameters=[OpenApiParameter("kind", OpenApiTypes.STR, OpenApiParameter.PATH)],
    )
    def retrieve(self, request, kind: str) -> Response:
        if kind not in node_types:
            raise NotFound()
        return Response(as_json(node_types[kind], request.auth.sandbox))


def as_json(node_type: type[NodeType], sandbox: Sandbox) -> dict:
    form = node_type.Params(sandbox=sandbox)
    initial = {name: field.initial for name, field in form.fields.items() if field.initial is not None}
    return {
        "kind": node_type.kind,
        "label": str(node_type.label),
        "category": node_type.category,
        "icon": node_type.icon,
        "help": str(node_type.help),
        "can_start": node_type.can_start,
        "can_be_parallel": node_type.can_be_parallel,
        "is_end": node_type.is_end,
        "outlets": [
            {"name": outlet.name, "label": str(outlet.label)} for outlet in node_type.outlets(initial)
        ],
        "params": [field_as_json(bound) for bound in form],
    }


def field_as_json(bound: forms.BoundField) -> dict:
    field = bound.field
    described = {
        "name": bound.name,
        "label": str(bound.label),
        "type": next((name for kind, name in FIELD_TYPES if isinstance(field, kind)), type(field).__name__),
        "required": field.required,
        "help": str(field.help_text),
        "initial": field.initial,
    }
    if hasattr(field, "choices"):
        described["choices"] = [[value, str(label)] for value, label in field.choices if value != ""]
    if hasattr(field, "want"):
        described |= {"type": "expression", "want": field.want}
    return described
