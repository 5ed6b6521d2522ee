"""People, with what every storey knows of them."""

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ajo.core.api.pagination import Newest, NewestEvents
from ajo.core.api.views import InSandbox
from ajo.reporting import people, timeline
from channels_app.api.messages import MessageSerializer
from channels_app.models import Message
from profiles.models import ConsentChange, ExperienceEvent, Profile


@extend_schema_field(OpenApiTypes.OBJECT)
class AnyObject(serializers.JSONField):
    """A JSON object."""


class IdentitySerializer(serializers.Serializer):
    namespace = serializers.CharField(source="namespace.code")
    value = serializers.CharField()
    first_seen_at = serializers.DateTimeField()


class MembershipSerializer(serializers.Serializer):
    audience = serializers.CharField(source="audience.name")
    audience_id = serializers.UUIDField(source="audience.external_id")
    status = serializers.CharField()
    qualified_at = serializers.DateTimeField()
    exited_at = serializers.DateTimeField(allow_null=True)


class ProfileSummarySerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="__str__", read_only=True)
    attributes = AnyObject()

    class Meta:
        model = Profile
        fields = ["id", "name", "attributes", "created_at", "updated_at"]


class ProfileSerializer(ProfileSummarySerializer):
    identities = serializers.SerializerMethodField()
    memberships = serializers.SerializerMethodField()

    class Meta(ProfileSummarySerializer.Meta):
        fields = [*ProfileSummarySerializer.Meta.fields, "identities", "memberships"]

    @extend_schema_field(IdentitySerializer(many=True))
    def get_identities(self, profile: Profile) -> list[dict]:
        return IdentitySerializer(people.identities_of(profile), many=True).data

    @extend_schema_field(MembershipSerializer(many=True))
    def get_memberships(self, profile: Profile) -> list[dict]:
        return MembershipSerializer(people.memberships_of(profile), many=True).data


class EventSerializer(serializers.ModelSerializer):
    data = AnyObject(help_text="The whole event.")

    class Meta:
        model = ExperienceEvent
        fields = ["id", "event_id", "event_type", "timestamp", "received_at", "data"]


class ConsentChangeSerializer(serializers.ModelSerializer):
    class Meta:
        model = ConsentChange
        fields = ["id", "channel", "value", "source", "changed_at"]


class TimelineItemSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    kind = serializers.CharField(help_text="event, step, refusal, message, message_event or consent")
    id = serializers.IntegerField()
    title = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    data = AnyObject()


class TimelineSerializer(serializers.Serializer):
    results = TimelineItemSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Give it as `before` to go on.")


@extend_schema_view(
    list=extend_schema(
        summary="Find people",
        parameters=[
            OpenApiParameter("search", OpenApiTypes.STR, description="Any identity, name or e-mail address."),
            OpenApiParameter(
                "namespace", OpenApiTypes.STR, description="With `identity`: its namespace, like Email."
            ),
            OpenApiParameter("identity", OpenApiTypes.STR, description="Exactly this identity."),
        ],
    ),
    retrieve=extend_schema(
        summary="One person; an id that was merged away leads to the person", responses=ProfileSerializer
    ),
)
class ProfileViewSet(InSandbox, viewsets.ReadOnlyModelViewSet):
    """What is known of one person."""

    needs = "profiles.view"
    serializer_class = ProfileSummarySerializer
    queryset = Profile.objects.all()
    pagination_class = Newest
    filter_backends = []

    def get_serializer_class(self):
        return ProfileSerializer if self.action == "retrieve" else ProfileSummarySerializer

    def filter_queryset(self, queryset):
        if self.action != "list":
            return queryset
        params = self.request.query_params
        if identity := params.get("identity"):
            return people.by_identity(self.sandbox, params.get("namespace", "Email"), identity)
        return people.search(self.sandbox, params.get("search", ""))

    def get_object(self) -> Profile:
        text = self.kwargs["pk"]
        found = people.wanted(self.sandbox, int(text)) if text.isdigit() and len(text) < 19 else None
        if found is None:
            raise Http404
        return found

    @extend_schema(
        operation_id="profiles_events",
        summary="What the person did, newest first",
        parameters=[OpenApiParameter("event_type", OpenApiTypes.STR)],
        responses=EventSerializer(many=True),
    )
    @action(detail=True, pagination_class=NewestEvents)
    def events(self, request: Request, pk: str) -> Response:
        rows = timeline.of_person(ExperienceEvent)(self.get_object())
        if event_type := request.query_params.get("event_type"):
            rows = rows.filter(event_type=event_type)
        return self._listed(rows, EventSerializer)

    @extend_schema(
        operation_id="profiles_messages",
        summary="Messages to the person",
        responses=MessageSerializer(many=True),
    )
    @action(detail=True)
    def messages(self, request: Request, pk: str) -> Response:
        rows = timeline.of_person(Message)(self.get_object()).select_related("content")
        return self._listed(rows, MessageSerializer)

    @extend_schema(
        operation_id="profiles_consents",
        summary="Every change of the person's consents",
        responses=ConsentChangeSerializer(many=True),
    )
    @action(detail=True)
    def consents(self, request: Request, pk: str) -> Response:
        return self._listed(people.consent_history(self.get_object()), ConsentChangeSerializer)

    @extend_schema(
        summary="All that happened to the person, newest first",
        parameters=[
            OpenApiParameter(
                "groups", OpenApiTypes.STR, description="Any of events,journeys,messages,consents."
            ),
            OpenApiParameter("before", OpenApiTypes.STR, description="`next` of the page before."),
        ],
        responses=TimelineSerializer,
    )
    @action(detail=True)
    def timeline(self, request: Request, pk: str) -> Response:
        params = request.query_params
        groups = [name for name in params.get("groups", "").split(",") if name in timeline.GROUPS]
        page = timeline.page_of(
            self.get_object(), groups=groups, before=timeline.Cursor.read(params.get("before", ""))
        )
        items = TimelineItemSerializer(page.items, many=True).data
        return Response({"results": items, "next": str(page.next) if page.next else None})

    def _listed(self, rows, serializer_class) -> Response:
        return self.get_paginated_response(serializer_class(self.paginate_queryset(rows), many=True).data)
