"""Journeys and their versions: drawn, checked, published, watched."""

from django.db.models import Prefetch
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ajo.core.api.pagination import Newest
from ajo.core.api.views import PROBLEM, InSandbox
from journeys import checks, drafts, properties, step_events, versions
from journeys.api import serializers as s
from journeys.engine import tallies
from journeys.graph import Graph
from journeys.models import Journey, JourneyInstance, JourneyVersion, Refusal

SUMMARIES = Prefetch("versions", JourneyVersion.objects.defer("graph").order_by("-number"))
GRAPH_EXAMPLE = OpenApiExample(
    "An event and an end",
    value={
        "revision": 0,
        "graph": {
            "nodes": {
                "start": {"kind": "unitary_event", "label": "Signed up", "params": {"definition": 1}},
                "end": {"kind": "end", "label": "End", "params": {}},
            },
            "edges": [{"id": "e1", "src": "start", "outlet": "next", "dst": "end"}],
        },
    },
    request_only=True,
)


@extend_schema_view(
    list=extend_schema(summary="Journeys with their versions"),
    retrieve=extend_schema(summary="One journey"),
    create=extend_schema(summary="Begin a journey with an empty draft"),
    update=extend_schema(summary="Rename a journey"),
    partial_update=extend_schema(summary="Change name or description"),
    destroy=extend_schema(summary="Delete a journey that was never published"),
)
class JourneyViewSet(InSandbox, viewsets.ModelViewSet):
    """A named plan with versions; at most one of them takes new entrances."""

    needs = {"list": "journeys.view", "retrieve": "journeys.view", "*": "journeys.edit"}
    serializer_class = s.JourneySerializer
    queryset = Journey.objects.prefetch_related(SUMMARIES)
    search_fields = ["name", "description"]
    filterset_fields = {"versions__status": ["exact"], "created_by": ["exact"]}
    ordering_fields = ["name", "created_at", "updated_at"]

    def perform_create(self, serializer) -> None:
        values = serializer.validated_data
        version = versions.create(self.sandbox, values["name"], actor=self.actor)
        serializer.instance = version.journey
        if values.get("description"):
            properties.rename(version.journey, {"description": values["description"]}, actor=self.actor)

    def perform_update(self, serializer) -> None:
        properties.rename(serializer.instance, serializer.validated_data, actor=self.actor)

    def perform_destroy(self, instance: Journey) -> None:
        properties.delete(instance, actor=self.actor)

    @extend_schema(summary="Copy a journey", request=None, responses={201: s.JourneySerializer})
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, pk: str) -> Response:
        copy = versions.duplicate(self.get_object(), actor=self.actor).journey
        return Response(self.get_serializer(copy).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Draft a new version that begins as the latest",
        request=None,
        responses={201: s.VersionSerializer, 409: PROBLEM},
    )
    @action(detail=True, methods=["post"], url_path="new-version")
    def new_version(self, request: Request, pk: str) -> Response:
        version = versions.new_version(self.get_object(), actor=self.actor)
        return Response(s.VersionSerializer(version).data, status=status.HTTP_201_CREATED)


@extend_schema_view(
    retrieve=extend_schema(summary="One version with its graph"),
    partial_update=extend_schema(
        summary="Change the entrance rules of a draft",
        request=s.RulesSerializer,
        responses=s.VersionSerializer,
    ),
)
class JourneyVersionViewSet(InSandbox, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """A draft changes with every edit; once published, a version is fixed for good."""

    needs = {
        "retrieve": "journeys.view",
        "validate": "journeys.view",
        "counts": "journeys.view",
        "steps": "journeys.view",
        "instances": "journeys.view",
        "refusals": "journeys.view",
        "graph": "journeys.edit",
        "partial_update": "journeys.edit",
        "publish": "journeys.publish",
        "close": "journeys.publish",
        "stop": "journeys.publish",
    }
    sandbox_path = "journey__sandbox"
    serializer_class = s.VersionSerializer
    queryset = JourneyVersion.objects.select_related("journey__sandbox", "namespace")
    http_method_names = ["get", "post", "put", "patch", "head", "options"]

    def partial_update(self, request: Request, pk: str) -> Response:
        version = self.get_object()
        form = s.RulesSerializer(version, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return self._answer(properties.set_rules(version, form.validated_data, actor=self.actor))

    @extend_schema(
        summary="Replace the graph of a draft",
        request=s.GraphWriteSerializer,
        responses={200: s.VersionSerializer, 409: PROBLEM},
        examples=[GRAPH_EXAMPLE],
    )
    @action(detail=True, methods=["put"])
    def graph(self, request: Request, pk: str) -> Response:
        version = self.get_object()
        form = s.GraphWriteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        outcome = drafts.replace_graph(
            version.pk,
            form.validated_data["graph"],
            revision=form.validated_data["revision"],
            actor=self.actor,
            sandbox=self.sandbox,
        )
        return self._answer(outcome.version)

    @extend_schema(
        summary="What stands in the way of publishing", request=None, responses=s.ValidationSerializer
    )
    @action(detail=True, methods=["post"])
    def validate(self, request: Request, pk: str) -> Response:
        found = checks.problems_of(self.get_object().graph, sandbox=self.sandbox)
        problems = [problem.to_json() for problem in found]
        return Response({"ok": not checks.errors_of(found), "problems": problems})

    @extend_schema(
        summary="Make a draft live",
        request=None,
        responses={200: s.VersionSerializer, 409: PROBLEM, 422: PROBLEM},
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        return self._answer(versions.publish(self.get_object(), actor=self.actor))

    @extend_schema(
        summary="No new entrances; people inside finish", request=None, responses=s.VersionSerializer
    )
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        return self._answer(versions.close(self.get_object(), actor=self.actor))

    @extend_schema(summary="Take everybody out at once", request=None, responses=s.VersionSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        return self._answer(versions.stop(self.get_object(), actor=self.actor))

    def _answer(self, version: JourneyVersion) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=version.pk)).data)

    @extend_schema(summary="How many entered, wait at and left each activity", responses=s.CountsSerializer)
    @action(detail=True)
    def counts(self, request: Request, pk: str) -> Response:
        nodes: dict[str, dict] = {}
        for (node_id, outlet), count in sorted(tallies.counts(self.get_object().pk).items()):
            node = nodes.setdefault(
                node_id, {"entered": 0, "waiting": 0, "exited": 0, "errors": 0, "outlets": {}}
            )
            if outlet:
                node["outlets"][outlet] = count.exited
            else:
                node |= {
                    "entered": count.entered,
                    "waiting": count.waiting,
                    "exited": count.exited,
                    "errors": count.errors,
                }
                nodes[node_id] = node
        return Response({"nodes": nodes})

    @extend_schema(
        operation_id="journey_versions_steps",
        summary="Journey step events, newest first, under their usual names",
        parameters=[
            OpenApiParameter("profileID", OpenApiTypes.INT),
            OpenApiParameter("instanceID", OpenApiTypes.INT),
            OpenApiParameter("nodeID", OpenApiTypes.STR),
            OpenApiParameter("stepStatus", OpenApiTypes.STR),
        ],
        responses=s.StepEventSerializer(many=True),
    )
    @action(detail=True, pagination_class=Newest, filter_backends=[])
    def steps(self, request: Request, pk: str) -> Response:
        version = self.get_object()
        graph = Graph.from_json(version.graph)
        rows = step_events.of_version(version, request.query_params)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response([step_events.fields_of(step, version, graph) for step in page])

    @extend_schema(
        operation_id="journey_versions_instances",
        summary="People's ways through this version",
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=JourneyInstance.State.values),
            OpenApiParameter("profile_id", OpenApiTypes.INT),
            OpenApiParameter("node_id", OpenApiTypes.STR),
        ],
        responses=s.InstanceSerializer(many=True),
    )
    @action(detail=True, pagination_class=Newest, filter_backends=[])
    def instances(self, request: Request, pk: str) -> Response:
        rows = self.get_object().instances.all()
        wanted = {
            n: v for n, v in request.query_params.items() if n in ("state", "profile_id", "node_id") and v
        }
        return self._listed(step_events.only(rows, wanted), s.InstanceSerializer)

    @extend_schema(
        operation_id="journey_versions_refusals",
        summary="Entrances that did not happen, and why",
        parameters=[
            OpenApiParameter("code", OpenApiTypes.STR),
            OpenApiParameter("profile_id", OpenApiTypes.INT),
        ],
        responses=s.RefusalSerializer(many=True),
    )
    @action(detail=True, pagination_class=Newest, filter_backends=[])
    def refusals(self, request: Request, pk: str) -> Response:
        rows = Refusal.objects.filter(version=self.get_object())
        wanted = {n: v for n, v in request.query_params.items() if n in ("code", "profile_id") and v}
        return self._listed(step_events.only(rows, wanted), s.RefusalSerializer)

    def _listed(self, rows, serializer_class) -> Response:
        return self.get_paginated_response(serializer_class(self.paginate_queryset(rows), many=True).data)
