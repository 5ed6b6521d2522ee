"""Sandboxes, API keys and the audit log."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from ajo.core import keys
from ajo.core.api.pagination import Newest
from ajo.core.api.permissions import IsKnown
from ajo.core.api.views import InSandbox
from ajo.core.models import ApiKey, AuditEntry, Sandbox
from ajo.core.permissions import PERMISSIONS, sandboxes_of


class SandboxSerializer(serializers.ModelSerializer):
    class Meta:
        model = Sandbox
        fields = ["name", "title", "timezone", "created_at"]


@extend_schema_view(
    list=extend_schema(summary="The sandboxes the caller may enter"),
    retrieve=extend_schema(
        parameters=[OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH)], summary="One of them"
    ),
)
class SandboxViewSet(viewsets.ReadOnlyModelViewSet):
    """A sandbox is a walled-off space of data and set-ups."""

    permission_classes = [IsKnown]
    serializer_class = SandboxSerializer
    queryset = Sandbox.objects.all()
    lookup_field = "name"
    search_fields = ["name", "title"]

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Sandbox.objects.none()
        access = self.request.auth
        allowed = sandboxes_of(access.user) if access.user else [access.sandbox]
        return Sandbox.objects.filter(pk__in=[sandbox.pk for sandbox in allowed])


class ApiKeySerializer(serializers.ModelSerializer):
    id = serializers.CharField(source="prefix", read_only=True)
    created_by = serializers.CharField(source="created_by.username", default="", read_only=True)
    expires_at = serializers.DateTimeField(source="expiry_date", required=False, allow_null=True)
    created_at = serializers.DateTimeField(source="created", read_only=True)
    is_revoked = serializers.BooleanField(source="revoked", read_only=True)
    permissions = serializers.ListField(
        child=serializers.ChoiceField(choices=list(PERMISSIONS.items())), allow_empty=False
    )

    class Meta:
        model = ApiKey
        fields = [
            "id", "name", "permissions", "created_by", "created_at", "expires_at", "last_used_at",
            "is_revoked",
        ]  # fmt: skip
        read_only_fields = ["last_used_at"]


class NewApiKeySerializer(ApiKeySerializer):
    """With the secret, which is shown this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "secret"]


@extend_schema_view(
    list=extend_schema(summary="API keys of the sandbox"),
    retrieve=extend_schema(summary="One API key"),
    create=extend_schema(
        summary="Make an API key; the secret is in this answer and never again",
        responses={201: NewApiKeySerializer},
        examples=[
            OpenApiExample(
                "A shop that sends events",
                value={"name": "Shop", "permissions": ["profiles.ingest"]},
                request_only=True,
            )
        ],
    ),
)
class ApiKeyViewSet(
    InSandbox,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    viewsets.GenericViewSet,
):
    """A key never grants more than the one who makes it has."""

    needs = {"*": "access.edit"}
    serializer_class = ApiKeySerializer
    queryset = ApiKey.objects.select_related("created_by").order_by("-created")
    lookup_field = "prefix"
    lookup_url_kwarg = "id"
    search_fields = ["name", "prefix"]
    filterset_fields = ["revoked"]

    def create(self, request, *args, **kwargs) -> Response:
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        key, secret = keys.create(
            request.auth, values["name"], values["permissions"], expires_at=values.get("expiry_date")
        )
        key.secret = secret
        return Response(NewApiKeySerializer(key).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Make a key useless for good", request=None, responses=ApiKeySerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request, id: str) -> Response:
        key = self.get_object()
        keys.revoke(key, actor=self.actor)
        key.refresh_from_db()
        return Response(self.get_serializer(key).data)


class AuditEntrySerializer(serializers.ModelSerializer):
    changes = serializers.DictField(help_text="{field: [before, after]}")

    class Meta:
        model = AuditEntry
        fields = [
            "id", "at", "actor", "action", "object_type", "object_id", "object_label", "changes", "request_id"
        ]  # fmt: skip


@extend_schema_view(
    list=extend_schema(summary="What was changed by whom, newest first"),
    retrieve=extend_schema(summary="One change"),
)
class AuditEntryViewSet(InSandbox, viewsets.ReadOnlyModelViewSet):
    """Changes of journeys, configurations, keys, users. Nobody can change them."""

    needs = "audit.view"
    serializer_class = AuditEntrySerializer
    queryset = AuditEntry.objects.all()
    pagination_class = Newest
    filterset_fields = {
        "action": ["exact", "startswith"],
        "actor": ["exact"],
        "object_type": ["exact"],
        "object_id": ["exact"],
        "at": ["gte", "lt"],
    }
    search_fields = ["object_label", "actor", "action"]
