"""Parked records: look at them, mend them, send them on or give them up."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from ajo.core.api.pagination import Newest
from ajo.core.api.views import HowMany, Ids, InSandbox
from profiles.ingest import parking
from profiles.models import ParkedRecord


@extend_schema_field(OpenApiTypes.OBJECT)
class AnyObject(serializers.DictField):
    """A JSON object."""


class ParkedRecordSerializer(serializers.ModelSerializer):
    class Meta:
        model = ParkedRecord
        fields = [
            "id", "code", "reason", "status", "message", "inlet_id", "received_at", "parked_at", "settled_at",
            "settled_by",
        ]  # fmt: skip


class ReplaySerializer(serializers.Serializer):
    message = AnyObject(
        required=False, help_text="The whole message, mended; left out, it is sent on as it came."
    )


@extend_schema_view(
    list=extend_schema(summary="Records that could not be processed"),
    retrieve=extend_schema(summary="One parked record with its reason"),
)
class ParkedRecordViewSet(InSandbox, viewsets.ReadOnlyModelViewSet):
    """An accepted message that could not be processed is kept here with its reason."""

    needs = {"list": "operations.view", "retrieve": "operations.view", "*": "operations.replay"}
    serializer_class = ParkedRecordSerializer
    queryset = ParkedRecord.objects.all()
    pagination_class = Newest
    filterset_fields = {"status": ["exact"], "code": ["exact"], "parked_at": ["gte", "lt"]}
    search_fields = ["reason", "message"]

    @extend_schema(
        summary="Send a record on, mended or as it came", request=ReplaySerializer, responses=HowMany
    )
    @action(detail=True, methods=["post"])
    def replay(self, request, pk: str) -> Response:
        record = self.get_object()
        form = ReplaySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        message = form.validated_data.get("message")
        return changed(parking.replay([record.pk], actor=self.actor, message=message, sandbox=self.sandbox))

    @extend_schema(summary="Give a record up", request=None, responses=HowMany)
    @action(detail=True, methods=["post"])
    def discard(self, request, pk: str) -> Response:
        return changed(parking.discard([self.get_object().pk], actor=self.actor, sandbox=self.sandbox))

    @extend_schema(
        operation_id="parked_records_replay_many",
        summary="Send many records on as they came",
        request=Ids,
        responses=HowMany,
    )
    @action(detail=False, methods=["post"], url_path="replay")
    def replay_many(self, request) -> Response:
        return changed(parking.replay(self.wanted_ids(), actor=self.actor, sandbox=self.sandbox))

    @extend_schema(
        operation_id="parked_records_discard_many",
        summary="Give many records up",
        request=Ids,
        responses=HowMany,
    )
    @action(detail=False, methods=["post"], url_path="discard")
    def discard_many(self, request) -> Response:
        return changed(parking.discard(self.wanted_ids(), actor=self.actor, sandbox=self.sandbox))

    def wanted_ids(self) -> list[int]:
        form = Ids(data=self.request.data)
        form.is_valid(raise_exception=True)
        return form.validated_data["ids"]


def changed(count: int) -> Response:
    return Response({"changed": count})
