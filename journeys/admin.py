"""Journeys in the Django admin: to look at. They are drawn on the canvas and run by the engine."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from ajo.core.admin import Audited, Big, ReadOnly
from journeys.models import (
    DraftEdit,
    EventDefinition,
    EventWait,
    Journey,
    JourneyInstance,
    JourneyVersion,
    NodeTally,
    Refusal,
    StepEvent,
)


class VersionInline(ReadOnly, TabularInline):
    model = JourneyVersion
    fields = readonly_fields = ["number", "status", "revision", "published_at", "published_by"]
    extra = 0
    show_change_link = True


@admin.register(Journey)
class JourneyAdmin(Audited, ModelAdmin):
    audit_name = "journey"
    list_display = ["name", "sandbox", "created_by", "updated_at"]
    list_filter = ["sandbox"]
    list_select_related = ["sandbox"]
    search_fields = ["name", "description"]
    readonly_fields = ["sandbox", "created_by"]
    inlines = [VersionInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Journey | None = None) -> bool:
        return False


@admin.register(JourneyVersion)
class JourneyVersionAdmin(ReadOnly, ModelAdmin):
    """A draft is edited on the canvas with its revision; a published version never changes."""

    list_display = ["__str__", "status", "revision", "published_at", "published_by"]
    list_filter = ["status", "journey__sandbox"]
    list_select_related = ["journey"]
    search_fields = ["journey__name"]


@admin.register(EventDefinition)
class EventDefinitionAdmin(ReadOnly, ModelAdmin):
    """Rules are checked where they are written: on the product's own page."""

    list_display = ["name", "rule", "namespace", "sandbox", "updated_at"]
    list_filter = ["sandbox"]
    list_select_related = ["namespace", "sandbox"]
    search_fields = ["name", "description", "rule"]


@admin.register(JourneyInstance)
class JourneyInstanceAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["id", "version", "profile_id", "state", "node_id", "due_at", "entered_at", "reason"]
    list_filter = ["state", "sandbox"]
    list_select_related = ["version__journey"]
    search_fields = ["=id", "=profile_id", "=version__id"]


@admin.register(EventWait)
class EventWaitAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["instance_id", "definition", "profile_id", "node_id", "since"]
    list_select_related = ["definition"]
    search_fields = ["=instance__id", "=profile_id"]


@admin.register(Refusal)
class RefusalAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["at", "code", "version", "profile_id", "key", "sandbox"]
    list_filter = ["code", "sandbox"]
    list_select_related = ["version__journey", "sandbox"]
    search_fields = ["=profile_id", "=version__id"]


@admin.register(StepEvent)
class StepEventAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["at", "version_id", "instance_id", "profile_id", "node_id", "kind", "status", "code"]
    list_filter = ["status", "sandbox"]
    search_fields = ["=profile_id"]


@admin.register(NodeTally)
class NodeTallyAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["version", "node_id", "outlet", "hour", "entered", "exited", "errors"]
    list_select_related = ["version__journey"]
    search_fields = ["=version__id"]


@admin.register(DraftEdit)
class DraftEditAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["at", "version", "revision", "description", "actor", "is_undone"]
    list_select_related = ["version__journey"]
    search_fields = ["=version__id", "actor"]
