"""Channel configurations. Secrets go in and never come out."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from ajo.core import clock
from ajo.core.api.views import InSandbox
from channels_app import configurations
from channels_app.models import Configuration

EXAMPLE = {
    "name": "Newsletter",
    "channel": "email",
    "provider": "smtp",
    "message_type": "marketing",
    "settings": {
        "from_name": "Shop",
        "from_email": "hello@shop.example",
        "address_path": "personalEmail.address",
        "host": "smtp.shop.example",
        "port": 587,
        "security": "starttls",
        "username": "shop",
        "password": "…",
        "pool_size": 10,
    },
}


@extend_schema_field(OpenApiTypes.OBJECT)
class Settings(serializers.DictField):
    """What the forms of channel and provider ask for."""


class ConfigurationSerializer(serializers.ModelSerializer):
    channel = serializers.CharField(default="email", max_length=32)
    provider = serializers.CharField(default="smtp", max_length=32)
    settings = Settings(
        help_text="Fields of the channel's and the provider's form. Secrets are taken and not shown."
    )
    secrets_set = serializers.SerializerMethodField(help_text="The secrets that are stored.")

    class Meta:
        model = Configuration
        fields = [
            "id", "name", "channel", "provider", "message_type", "is_active", "settings", "secrets_set",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["created_at", "updated_at"]

    def get_secrets_set(self, configuration: Configuration) -> list[str]:
        return sorted(name for name, value in (configuration.secrets or {}).items() if value)

    def validate(self, values: dict) -> dict:
        for name in ("channel", "provider"):
            if self.instance is not None and values.get(name, getattr(self.instance, name)) != getattr(
                self.instance, name
            ):
                raise serializers.ValidationError(
                    {name: "This cannot be changed; make another configuration."}
                )
        return values


class TestMailSerializer(serializers.Serializer):
    address = serializers.EmailField()


class AnswerSerializer(serializers.Serializer):
    answer = serializers.CharField(help_text="What the provider said.")


@extend_schema_view(
    list=extend_schema(summary="Channel configurations"),
    retrieve=extend_schema(summary="One channel configuration"),
    create=extend_schema(
        summary="Make a channel configuration",
        examples=[OpenApiExample("SMTP", value=EXAMPLE, request_only=True)],
    ),
    update=extend_schema(summary="Change a channel configuration; secrets left out are kept"),
    partial_update=extend_schema(summary="Change some of a channel configuration"),
    destroy=extend_schema(summary="Delete a configuration that no published message uses"),
)
class ConfigurationViewSet(InSandbox, viewsets.ModelViewSet):
    """Channel, provider and sender, ready for use."""

    needs = {"list": "configurations.view", "retrieve": "configurations.view", "*": "configurations.edit"}
    serializer_class = ConfigurationSerializer
    queryset = Configuration.objects.all()
    search_fields = ["name"]
    filterset_fields = ["channel", "provider", "message_type", "is_active"]

    def perform_create(self, serializer) -> None:
        values = dict(serializer.validated_data)
        channel, provider, settings = values.pop("channel"), values.pop("provider"), values.pop("settings")
        serializer.instance = configurations.create(
            self.sandbox, values, settings, actor=self.actor, channel=channel, provider=provider
        )

    def perform_update(self, serializer) -> None:
        values = dict(serializer.validated_data)
        settings = values.pop("settings", None)
        if settings is not None and serializer.partial:
            settings = serializer.instance.settings | settings
        plain = {name: values[name] for name in configurations.PLAIN_FIELDS if name in values}
        serializer.instance = configurations.change(serializer.instance, plain, settings, actor=self.actor)

    def perform_destroy(self, instance: Configuration) -> None:
        configurations.delete(instance, actor=self.actor)

    @extend_schema(summary="Send a test mail", request=TestMailSerializer, responses=AnswerSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request, pk: str) -> Response:
        configuration = self.get_object()
        form = TestMailSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        address = form.validated_data["address"]
        answer = configurations.send_test(configuration, address, actor=self.actor, now=clock.now())
        return Response({"answer": answer}, status=status.HTTP_200_OK)
