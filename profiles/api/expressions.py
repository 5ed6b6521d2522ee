"""Checking expressions while they are written."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from profiles.expressions import ExprError, compile_text

TYPES = ["bool", "dto", "number", "str", "any"]


class ExpressionSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=32_768, allow_blank=True, trim_whitespace=False)
    want = serializers.ChoiceField(
        choices=TYPES, default="bool", help_text="The type its place of use asks for."
    )


class ExpressionProblem(serializers.Serializer):
    kind = serializers.CharField()
    message = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    line = serializers.IntegerField()
    column = serializers.IntegerField()
    hint = serializers.CharField(allow_blank=True)


class VerdictSerializer(serializers.Serializer):
    ok = serializers.BooleanField()
    type = serializers.CharField(required=False, help_text="The type of its result.")
    errors = ExpressionProblem(many=True)


class CheckView(APIView):
    """Is this text an expression that can be used here? If not: where, why, and how to mend it."""

    needs = "journeys.view"

    @extend_schema(
        operation_id="expressions_check",
        summary="Check an expression",
        request=ExpressionSerializer,
        responses=VerdictSerializer,
        examples=[
            OpenApiExample(
                "A condition",
                value={"text": 'profile.loyalty.tier = "gold"', "want": "bool"},
                request_only=True,
            )
        ],
    )
    def post(self, request) -> Response:
        form = ExpressionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        want = form.validated_data["want"]
        try:
            found = compile_text(form.validated_data["text"], want=None if want == "any" else want)
        except ExprError as error:
            return Response({"ok": False, "errors": [problem.to_json() for problem in error.errors]})
        return Response({"ok": True, "type": found.type, "errors": []})
