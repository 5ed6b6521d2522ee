"""What the viewsets of all apps share: they see the caller's sandbox and nothing else."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from ajo.core.models import Sandbox
from ajo.core.permissions import Access

PROBLEM = OpenApiResponse(
    OpenApiTypes.OBJECT,
    description="Problem JSON (RFC 9457): type, title, status, detail, and what helps to mend it.",
)


class InSandbox:
    """Mixed into a viewset: every query is within the sandbox of the caller, so others' ids are 404."""

    sandbox_path = "sandbox"

    @property
    def access(self) -> Access:
        return self.request.auth

    @property
    def sandbox(self) -> Sandbox:
        return self.access.sandbox

    @property
    def actor(self) -> str:
        return self.access.actor

    def get_queryset(self):
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        return rows.filter(**{self.sandbox_path: self.sandbox})


class OfSandbox(serializers.PrimaryKeyRelatedField):
    """The id of a row of the caller's sandbox."""

    def get_queryset(self):
        request = self.context.get("request")
        rows = super().get_queryset()
        return rows.filter(sandbox=request.auth.sandbox) if request and request.auth else rows.none()


class Ids(serializers.Serializer):
    """Some rows by their ids."""

    ids = serializers.ListField(child=serializers.IntegerField(), min_length=1, max_length=1000)


class HowMany(serializers.Serializer):
    """How many rows were changed; those that were not in the right state are left alone."""

    changed = serializers.IntegerField()
