"""Template tags every page may use: icons, navigation, form fields, table links."""

import json
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

ICONS = Path(settings.BASE_DIR) / "static" / "vendor" / "lucide-1.62.0" / "icons.json"
CAN_NOT_BE_EMPTY = "required"


@cache
def icon_shapes() -> dict[str, str]:
    return json.loads(ICONS.read_text(encoding="utf-8"))


@register.simple_tag
def icon(name: str, size: int = 18, label: str = "") -> SafeString:
    """A Lucide icon as inline SVG; without a label it is decoration. Names: lucide-*/names.txt."""
    shapes = icon_shapes()
    inner = shapes.get(name) or shapes["circle-dashed"]
    return format_html(
        '<svg class="lucide" width="{}" height="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        size,
        size,
        format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"'),
        mark_safe(inner),
    )


def address_of(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


@register.inclusion_tag("ui/_nav_link.html", takes_context=True)
def nav_link(context: dict, name: str, label: str, icon_name: str, permission: str = "") -> dict:
    """A link of the side navigation; shown only when the page exists and the access permits it."""
    access, address = context.get("access"), address_of(name)
    permitted = access is not None and (not permission or access.may(permission))
    request = context.get("request")
    return {
        "address": address if permitted else None,
        "label": label,
        "icon_name": icon_name,
        "is_current": bool(address and request and request.path.startswith(address) and address != "/"),
    }


@register.filter
def may(access: object, permission: str) -> bool:
    """{% if access|may:"journeys.edit" %}"""
    return bool(access) and access.may(permission)


@register.simple_tag(takes_context=True)
def query(context: dict, **changes: object) -> str:
    """The current query string with changes; empty values are left out. {% query page=2 %}"""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            params.pop(name, None)
        else:
            params[name] = value
    return f"?{params.urlencode()}" if params else "?"


@register.inclusion_tag("ui/_sort_header.html", takes_context=True)
def sort_header(context: dict, field: str, label: str, css: str = "") -> dict:
    """A column heading that sorts by `field`. Needs `sort` in the context ("name" or "-name")."""
    sort = context.get("sort") or ""
    is_sorted = sort.lstrip("-") == field
    is_descending = sort.startswith("-")
    params = context["request"].GET.copy()
    params["sort"] = field if not is_sorted or is_descending else f"-{field}"
    params.pop("page", None)
    return {
        "address": f"?{params.urlencode()}",
        "label": label,
        "css": css,
        "order": ("descending" if is_descending else "ascending") if is_sorted else "none",
    }


@register.filter
def styled(field: BoundField, extra: str = "") -> SafeString:
    """The field's widget with the classes of the design."""
    widget = field.field.widget
    if isinstance(widget, CheckboxInput):
        css = "form-check-input"
    elif isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        css = ""
    elif isinstance(widget, Select):
        css = "form-select"
    else:
        css = "form-control"
    own = widget.attrs.get("class", "")
    invalid = "is-invalid" if shown_errors(field) else ""
    classes = " ".join(part for part in (css, own, extra, invalid) if part)
    return field.as_widget(attrs={"class": classes})


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def shown_errors(field: BoundField) -> list[str]:
    """What is wrong with a value. That a draft's field is still empty is not shouted: see `is_missing`."""
    if not getattr(field.form, "is_draft", False):
        return list(field.errors)
    errors = field.form.errors.get(field.name)
    return [m for e in errors.as_data() if e.code != CAN_NOT_BE_EMPTY for m in e.messages] if errors else []


@register.filter
def is_missing(field: BoundField) -> bool:
    """A field of a draft that must be filled before publishing."""
    errors = field.form.errors.get(field.name) if getattr(field.form, "is_draft", False) else None
    return bool(errors) and any(error.code == CAN_NOT_BE_EMPTY for error in errors.as_data())


@register.filter
def is_shown(field: BoundField) -> bool:
    """Whether the form's `shown_when` table lets the field be seen for the present values."""
    rule = getattr(field.form, "shown_when", {}).get(field.name)
    if not rule:
        return True
    other, wanted = rule
    value = field.form[other].value()
    return bool(value) is wanted if isinstance(wanted, bool) else str(value) == str(wanted)


@register.filter
def lookup(mapping: dict, key: object) -> object:
    return mapping.get(key) if mapping else None


@register.filter(name="json")
def as_json(value: object) -> str:
    """For data attributes that a script reads."""
    return json.dumps(value)
