"""Journeys as JSON."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from journeys import reasons
from journeys.models import Journey, JourneyInstance, JourneyVersion, Refusal

RULES = ["allows_reentrance", "reentrance_wait_seconds", "timezone", "starts_at", "ends_at"]


@extend_schema_field(OpenApiTypes.OBJECT)
class GraphField(serializers.JSONField):
    """{"nodes": {id: {"kind", "label", "params"}}, "edges": [{"id", "src", "outlet", "dst"}]}"""


class VersionSummarySerializer(serializers.ModelSerializer):
    class Meta:
        model = JourneyVersion
        fields = [
            "id",
            "number",
            "status",
            "revision",
            "published_at",
            "published_by",
            "closed_at",
            "updated_at",
        ]


class JourneySerializer(serializers.ModelSerializer):
    versions = VersionSummarySerializer(many=True, read_only=True)

    class Meta:
        model = Journey
        fields = ["id", "name", "description", "created_by", "created_at", "updated_at", "versions"]
        read_only_fields = ["created_by", "created_at", "updated_at"]


class VersionSerializer(serializers.ModelSerializer):
    journey_id = serializers.IntegerField(read_only=True)
    journey_name = serializers.CharField(source="journey.name", read_only=True)
    namespace = serializers.CharField(source="namespace.code", default=None, read_only=True)
    graph = GraphField(read_only=True)

    class Meta:
        model = JourneyVersion
        fields = [
            "id", "journey_id", "journey_name", "number", "status", "revision", "graph", "namespace", *RULES,
            "created_at", "updated_at", "published_at", "published_by", "closed_at",
        ]  # fmt: skip
        read_only_fields = [f for f in fields if f not in RULES]


class RulesSerializer(serializers.ModelSerializer):
    """The entrance rules of a draft."""

    class Meta:
        model = JourneyVersion
        fields = RULES


class GraphWriteSerializer(serializers.Serializer):
    graph = GraphField()
    revision = serializers.IntegerField(min_value=0, help_text="The revision that this graph began from.")


class ProblemSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    node_id = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    severity = serializers.ChoiceField(choices=["error", "warning"])


class ValidationSerializer(serializers.Serializer):
    ok = serializers.BooleanField(help_text="It can be published.")
    problems = ProblemSerializer(many=True)


class CountSerializer(serializers.Serializer):
    entered = serializers.IntegerField()
    waiting = serializers.IntegerField()
    exited = serializers.IntegerField()
    errors = serializers.IntegerField()
    outlets = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many left by each way out."
    )


class CountsSerializer(serializers.Serializer):
    nodes = serializers.DictField(child=CountSerializer(), help_text="By node id.")


class InstanceSerializer(serializers.ModelSerializer):
    reason_text = serializers.SerializerMethodField()

    class Meta:
        model = JourneyInstance
        fields = [
            "id", "journey_id", "version_id", "profile_id", "key", "state", "node_id", "visit", "arrived_at",
            "due_at", "entered_at", "is_reentrance", "reason", "reason_text", "ended_at",
        ]  # fmt: skip

    def get_reason_text(self, instance: JourneyInstance) -> str:
        return reasons.in_words(instance.reason)


class StepEventSerializer(serializers.Serializer):
    """A journey step event; names as in the field's step event schema."""

    stepID = serializers.CharField()
    timestamp = serializers.DateTimeField()
    journeyID = serializers.CharField()
    journeyVersionID = serializers.CharField()
    journeyVersionName = serializers.CharField()
    journeyVersion = serializers.CharField()
    instanceID = serializers.CharField()
    instanceType = serializers.CharField()
    profileID = serializers.CharField()
    nodeID = serializers.CharField()
    nodeName = serializers.CharField()
    nodeType = serializers.CharField()
    stepName = serializers.CharField()
    stepType = serializers.CharField()
    stepStatus = serializers.CharField()
    entrance = serializers.BooleanField()
    reentrance = serializers.BooleanField()
    instanceEnded = serializers.BooleanField()
    eventCode = serializers.CharField(allow_null=True)
    outlet = serializers.CharField(allow_null=True)
    visit = serializers.IntegerField()
    inTest = serializers.BooleanField()
    actionExecutionError = serializers.CharField(required=False)
    actionErrorContext = serializers.CharField(required=False, allow_null=True)


class RefusalSerializer(serializers.ModelSerializer):
    text = serializers.SerializerMethodField()

    class Meta:
        model = Refusal
        fields = ["id", "at", "version_id", "profile_id", "key", "code", "text", "event_id"]

    def get_text(self, refusal: Refusal) -> str:
        return reasons.in_words(refusal.code)


class FieldSerializer(serializers.Serializer):
    name = serializers.CharField()
    label = serializers.CharField()
    type = serializers.CharField()
    required = serializers.BooleanField()
    help = serializers.CharField(allow_blank=True)
    initial = serializers.JSONField(allow_null=True)
    choices = serializers.ListField(child=serializers.ListField(), required=False)
    want = serializers.CharField(required=False, help_text="The type an expression must give.")


class NodeTypeSerializer(serializers.Serializer):
    kind = serializers.CharField()
    label = serializers.CharField()
    category = serializers.CharField()
    icon = serializers.CharField()
    help = serializers.CharField(allow_blank=True)
    can_start = serializers.BooleanField()
    can_be_parallel = serializers.BooleanField()
    is_end = serializers.BooleanField()
    outlets = serializers.ListField(child=serializers.DictField(), help_text="The ways out of a new node.")
    params = serializers.ListField(child=FieldSerializer(), help_text="The settings its form asks for.")
