"""Namespaces, schemas, datasets and inlets: what records look like and where they come in."""

from django.conf import settings
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from ajo.core.api.views import InSandbox
from profiles import inlets
from profiles.models import Dataset, Inlet, Namespace, Schema


class NamespaceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Namespace
        fields = ["id", "code", "name", "id_type", "priority", "is_unique_per_graph", "is_standard"]


@extend_schema_view(
    list=extend_schema(summary="Identity namespaces"), retrieve=extend_schema(summary="One namespace")
)
class NamespaceViewSet(InSandbox, viewsets.ReadOnlyModelViewSet):
    """A kind of identity; its code is the key in an `identityMap`."""

    needs = "configurations.view"
    serializer_class = NamespaceSerializer
    queryset = Namespace.objects.all()
    search_fields = ["code", "name"]
    filterset_fields = ["id_type", "is_standard"]


class SchemaSerializer(serializers.ModelSerializer):
    class Meta:
        model = Schema
        fields = ["id", "uri", "title", "record_class"]


@extend_schema_view(list=extend_schema(summary="Schemas"), retrieve=extend_schema(summary="One schema"))
class SchemaViewSet(InSandbox, viewsets.ReadOnlyModelViewSet):
    """The shape of records; its `uri` is what senders put into `schemaRef.id`."""

    needs = "configurations.view"
    serializer_class = SchemaSerializer
    queryset = Schema.objects.all()
    search_fields = ["title", "uri"]
    filterset_fields = ["record_class"]


class DatasetSerializer(serializers.ModelSerializer):
    class Meta:
        model = Dataset
        fields = ["id", "key", "name", "schema"]


@extend_schema_view(list=extend_schema(summary="Datasets"), retrieve=extend_schema(summary="One dataset"))
class DatasetViewSet(InSandbox, viewsets.ReadOnlyModelViewSet):
    """Records of one schema; its `key` is what senders put into `datasetId`."""

    needs = "configurations.view"
    serializer_class = DatasetSerializer
    queryset = Dataset.objects.select_related("schema")
    search_fields = ["name", "key"]
    filterset_fields = ["schema"]


class InletSerializer(serializers.ModelSerializer):
    address = serializers.SerializerMethodField(
        help_text="Where to send. Only for those who may change inlets."
    )

    class Meta:
        model = Inlet
        fields = ["id", "name", "address", "needs_api_key", "is_active"]

    def get_address(self, inlet: Inlet) -> str | None:
        if not self.context["request"].auth.may("configurations.edit"):
            return None
        return f"{settings.PUBLIC_URL}/collection/{inlet.key}"


@extend_schema_view(
    list=extend_schema(summary="Inlets"),
    retrieve=extend_schema(summary="One inlet"),
    create=extend_schema(summary="Open an inlet"),
    update=extend_schema(summary="Change an inlet"),
    partial_update=extend_schema(summary="Change some of an inlet"),
    destroy=extend_schema(summary="Delete an inlet; what senders still send there is refused"),
)
class InletViewSet(InSandbox, viewsets.ModelViewSet):
    """An address that takes records and events."""

    needs = {"list": "configurations.view", "retrieve": "configurations.view", "*": "configurations.edit"}
    serializer_class = InletSerializer
    queryset = Inlet.objects.all()
    search_fields = ["name"]
    filterset_fields = ["is_active", "needs_api_key"]

    def perform_create(self, serializer) -> None:
        serializer.instance = inlets.create(self.sandbox, serializer.validated_data, actor=self.actor)

    def perform_update(self, serializer) -> None:
        inlets.change(serializer.instance, serializer.validated_data, actor=self.actor)

    def perform_destroy(self, instance: Inlet) -> None:
        inlets.delete(instance, actor=self.actor)

    @extend_schema(summary="Give an inlet a new address", request=None, responses=InletSerializer)
    @action(detail=True, methods=["post"], url_path="renew-key")
    def renew_key(self, request, pk: str) -> Response:
        inlet = inlets.renew_key(self.get_object(), actor=self.actor)
        return Response(self.get_serializer(inlet).data)
