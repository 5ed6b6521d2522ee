"""Event definitions."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, viewsets

from ajo.core.api.views import InSandbox, OfSandbox
from journeys import event_definitions
from journeys.models import EventDefinition
from profiles.models import Namespace


@extend_schema_field(OpenApiTypes.OBJECT)
class Sample(serializers.DictField):
    """An event as it would come."""


class EventDefinitionSerializer(serializers.ModelSerializer):
    namespace = OfSandbox(
        queryset=Namespace.objects.all(), help_text="Id of the namespace that names the person."
    )
    sample = Sample(required=False)

    class Meta:
        model = EventDefinition
        fields = ["id", "name", "description", "rule", "namespace", "sample", "created_at", "updated_at"]
        read_only_fields = ["created_at", "updated_at"]


EXAMPLE = OpenApiExample(
    "A sign-up",
    value={
        "name": "Signup",
        "rule": 'event.eventType = "web.signup"',
        "namespace": 3,
        "description": "Signed up.",
    },
    request_only=True,
)


@extend_schema_view(
    list=extend_schema(summary="Event definitions"),
    retrieve=extend_schema(summary="One event definition"),
    create=extend_schema(summary="Define an event", examples=[EXAMPLE]),
    update=extend_schema(summary="Change an event definition"),
    partial_update=extend_schema(summary="Change some of an event definition"),
    destroy=extend_schema(summary="Delete a definition that no draft, live or closed version uses"),
)
class EventDefinitionViewSet(InSandbox, viewsets.ModelViewSet):
    """A named kind of event that journeys may start on or wait for."""

    needs = {"list": "configurations.view", "retrieve": "configurations.view", "*": "configurations.edit"}
    serializer_class = EventDefinitionSerializer
    queryset = EventDefinition.objects.all()
    search_fields = ["name", "description", "rule"]
    filterset_fields = ["namespace"]
    ordering_fields = ["name", "created_at", "updated_at"]

    def perform_create(self, serializer) -> None:
        values = with_namespace_id(serializer.validated_data)
        serializer.instance = event_definitions.create(self.sandbox, values, actor=self.actor)

    def perform_update(self, serializer) -> None:
        values = with_namespace_id(serializer.validated_data)
        event_definitions.change(serializer.instance, values, actor=self.actor)
        serializer.instance.refresh_from_db()

    def perform_destroy(self, instance: EventDefinition) -> None:
        event_definitions.delete(instance, actor=self.actor)


def with_namespace_id(values: dict) -> dict:
    values = dict(values)
    if "namespace" in values:
        values["namespace_id"] = values.pop("namespace").pk
    return values
