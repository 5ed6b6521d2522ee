"""Messages and what became of them; the suppression list."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from ajo.core import audit
from ajo.core.api.pagination import Newest
from ajo.core.api.views import HowMany, Ids, InSandbox
from channels_app import errors
from channels_app.deliverability import suppression
from channels_app.delivery import outbox
from channels_app.delivery.checks import in_words
from channels_app.models import Message, MessageEvent, Suppression


@extend_schema_field(OpenApiTypes.OBJECT)
class AnyJson(serializers.JSONField):
    """Any JSON."""


class MessageEventSerializer(serializers.ModelSerializer):
    reason_text = serializers.SerializerMethodField(help_text="The reason in plain words.")
    detail = AnyJson(allow_null=True)

    class Meta:
        model = MessageEvent
        fields = ["id", "at", "kind", "reason", "reason_text", "detail"]

    def get_reason_text(self, event: MessageEvent) -> str:
        return in_words(event.reason)


class MessageSerializer(serializers.ModelSerializer):
    reason_text = serializers.SerializerMethodField(help_text="The reason in plain words.")
    subject = serializers.SerializerMethodField(help_text="As it was published, before personalization.")
    content_id = serializers.IntegerField()

    class Meta:
        model = Message
        fields = [
            "id", "created_at", "profile_id", "content_id", "subject", "message_type", "journey_version_id",
            "instance_id", "node_id", "visit", "state", "due_at", "attempts", "address", "reason",
            "reason_text",
            "sent_at", "opened_at", "clicked_at",
        ]  # fmt: skip

    def get_reason_text(self, message: Message) -> str:
        return in_words(message.reason)

    def get_subject(self, message: Message) -> str:
        return message.content.parts.get("subject", "")


class MessageWithEventsSerializer(MessageSerializer):
    events = serializers.SerializerMethodField()

    class Meta(MessageSerializer.Meta):
        fields = [*MessageSerializer.Meta.fields, "events"]

    @extend_schema_field(MessageEventSerializer(many=True))
    def get_events(self, message: Message) -> list[dict]:
        rows = MessageEvent.objects.filter(message_id=message.pk, sandbox_id=message.sandbox_id).order_by(
            "at", "id"
        )
        return MessageEventSerializer(rows, many=True).data


@extend_schema_view(
    list=extend_schema(summary="Messages, newest first"),
    retrieve=extend_schema(
        summary="One message and what happened to it", responses=MessageWithEventsSerializer
    ),
)
class MessageViewSet(InSandbox, viewsets.ReadOnlyModelViewSet):
    """Each outgoing piece for one profile."""

    needs = {"list": "messages.view", "retrieve": "messages.view", "*": "operations.replay"}
    serializer_class = MessageSerializer
    queryset = Message.objects.select_related("content")
    pagination_class = Newest
    filterset_fields = {
        "state": ["exact"],
        "journey_version_id": ["exact"],
        "node_id": ["exact"],
        "profile_id": ["exact"],
        "instance_id": ["exact"],
        "message_type": ["exact"],
        "reason": ["exact"],
        "created_at": ["gte", "lt"],
    }

    def get_serializer_class(self):
        return MessageWithEventsSerializer if self.action == "retrieve" else MessageSerializer

    @extend_schema(summary="Send a failed message again", request=None, responses=HowMany)
    @action(detail=True, methods=["post"])
    def requeue(self, request, pk: str) -> Response:
        message = self.get_object()
        count = outbox.requeue(self.sandbox.pk, [message.pk])
        if not count:
            raise errors.NotFailed(state=message.state)
        audit.record("message.requeued", message, actor=self.actor, sandbox=self.sandbox)
        return Response({"changed": count})

    @extend_schema(
        operation_id="messages_requeue_many",
        summary="Send many failed messages again",
        request=Ids,
        responses=HowMany,
    )
    @action(detail=False, methods=["post"], url_path="requeue")
    def requeue_many(self, request) -> Response:
        form = Ids(data=request.data)
        form.is_valid(raise_exception=True)
        count = outbox.requeue(self.sandbox.pk, form.validated_data["ids"])
        return Response({"changed": count})


class SuppressionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Suppression
        fields = ["id", "address", "reason", "detail", "created_at"]
        read_only_fields = ["reason", "created_at"]


@extend_schema_view(
    list=extend_schema(summary="Addresses that are never sent to"),
    retrieve=extend_schema(summary="One suppressed address"),
    create=extend_schema(summary="Put an address on the list"),
    destroy=extend_schema(summary="Take an address off the list"),
)
class SuppressionViewSet(
    InSandbox,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet,
):
    """The suppression list."""

    needs = {"list": "messages.view", "retrieve": "messages.view", "*": "configurations.edit"}
    serializer_class = SuppressionSerializer
    queryset = Suppression.objects.all()
    search_fields = ["address"]
    filterset_fields = ["reason", "address"]

    def perform_create(self, serializer) -> None:
        values = serializer.validated_data
        serializer.instance = suppression.add_by_hand(
            self.sandbox, values["address"], detail=values.get("detail", ""), actor=self.actor
        )

    def perform_destroy(self, instance: Suppression) -> None:
        suppression.remove(instance, actor=self.actor)
