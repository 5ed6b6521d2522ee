"""The state of things as JSON."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from ajo.core import clock
from ajo.reporting import operations


class InboxSerializer(serializers.Serializer):
    waiting = serializers.IntegerField()
    oldest_seconds = serializers.IntegerField()


class OutboxSerializer(InboxSerializer):
    due = serializers.IntegerField(help_text="Of these, due by now.")


class OperationsSerializer(serializers.Serializer):
    stuck = serializers.IntegerField(
        help_text="Instances that should have gone on and did not; zero when healthy."
    )
    inbox = InboxSerializer(help_text="Accepted and not yet processed.")
    outbox = serializers.DictField(
        child=OutboxSerializer(), help_text="Messages waiting to go, by message type."
    )
    parked = serializers.IntegerField(help_text="Records that could not be processed.")


class OperationsView(APIView):
    """What waits, what is late, what could not be processed."""

    needs = "operations.view"

    @extend_schema(
        operation_id="operations", summary="The state of the sandbox", responses=OperationsSerializer
    )
    def get(self, request) -> Response:
        return Response(operations.state_of(request.auth.sandbox, clock.now()))
