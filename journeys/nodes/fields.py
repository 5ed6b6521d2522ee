"""Form fields that node types share: expressions, event definitions, condition paths, configurations."""

import json
import re

from django import forms
from django.core.exceptions import ValidationError

from profiles.expressions import ExprError, compile_text

PATH_ID = re.compile(r"^[a-z0-9_-]{1,24}$")
MAX_PATHS = 20


def check_expression(text: str, want: str) -> None:
    """Raise ValidationError with position and hint when the expression cannot be used here."""
    try:
        compile_text(text, want=want)
    except ExprError as error:
        sentence = f"{error.message} {error.hint}".strip()
        raise ValidationError(sentence, code=error.kind) from error


class ExpressionWidget(forms.Textarea):
    """A text area that the page turns into the expression editor."""

    template_name = "journeys/widgets/expression.html"

    def __init__(self, want: str) -> None:
        super().__init__(attrs={"rows": 3, "spellcheck": "false", "class": "expression", "data-want": want})


class ExpressionField(forms.CharField):
    """An expression of the type that its place of use asks for, kept as text."""

    def __init__(self, *, want: str, **kwargs) -> None:
        self.want = want
        kwargs.setdefault("widget", ExpressionWidget(want))
        super().__init__(max_length=32_768, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value:
            check_expression(value, self.want)


class PickField(forms.TypedChoiceField):
    """The id of a row of the sandbox, chosen from a list that the form fills."""

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("coerce", int)
        kwargs.setdefault("empty_value", None)
        super().__init__(choices=[("", "Choose…")], **kwargs)

    def offer(self, rows: list[tuple[int, str]]) -> None:
        self.choices = [("", "Choose…"), *rows]


class PathsWidget(forms.Widget):
    """Rows of label and expression, in order; add, remove, move up and down."""

    template_name = "journeys/widgets/paths.html"

    def value_from_datadict(self, data, files, name: str) -> list | None:
        if hasattr(data, "getlist"):  # a posted form: parallel lists
            ids, labels = data.getlist(f"{name}-id"), data.getlist(f"{name}-label")
            expressions = data.getlist(f"{name}-expression")
            return [
                {"id": i, "label": label, "expression": expression}
                for i, label, expression in zip(ids, labels, expressions, strict=False)
            ]
        return data.get(name)

    def get_context(self, name, value, attrs) -> dict:
        context = super().get_context(name, value, attrs)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = []
        context["widget"]["paths"] = [path for path in value or [] if isinstance(path, dict)]
        return context

    def format_value(self, value):
        return value


class PathsField(forms.Field):
    """The paths of a condition: [{"id", "label", "expression"}], tried in order."""

    widget = PathsWidget

    def clean(self, value: object) -> list[dict]:
        if not isinstance(value, list) or not value:
            raise ValidationError("Add at least one path.", code="required")
        if len(value) > MAX_PATHS:
            raise ValidationError(f"A condition has at most {MAX_PATHS} paths.", code="limit")
        paths, seen, problems = [], set(), []
        for number, raw in enumerate(value, start=1):
            if not isinstance(raw, dict):
                raise ValidationError(f"Path {number} must be an object.", code="type")
            path_id, label = str(raw.get("id") or f"path{number}"), str(raw.get("label") or "").strip()
            expression = str(raw.get("expression") or "").strip()
            if not PATH_ID.match(path_id) or path_id in seen or path_id in ("other", "error"):
                raise ValidationError(f"Path {number} needs an id of its own.", code="id")
            seen.add(path_id)
            if not expression:
                problems.append(f"Path “{label or path_id}” has no condition.")
            else:
                try:
                    check_expression(expression, "bool")
                except ValidationError as error:
                    problems.append(f"Path “{label or path_id}”: {error.messages[0]}")
            paths.append({"id": path_id, "label": label[:60] or f"Path {number}", "expression": expression})
        if problems:
            raise ValidationError(problems)
        return paths

    def has_changed(self, initial, data) -> bool:
        return initial != data
