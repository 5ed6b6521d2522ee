"""What the Django admin of all apps shares, and the ground floor's own: users, roles, keys, audit log."""

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import connection, models
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from ajo.core import audit
from ajo.core.models import ApiKey, AuditEntry, RoleAssignment, User
from ajo.core.permissions import PERMISSIONS, ROLES

HIDDEN = "(changed)"


class EstimatingPaginator(Paginator):
    """Takes PostgreSQL's estimate for a whole table: counting a big one takes minutes."""

    @cached_property
    def count(self) -> int:
        query = self.object_list.query
        if query.where:
            return min(super().count, 1_000_000)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class "
                "WHERE oid = %s::regclass OR oid IN "
                "(SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass)",
                [query.model._meta.db_table] * 2,
            )
            estimate = cursor.fetchone()[0]
        return estimate if estimate > 10_000 else super().count


class Big:
    """Mixed into the admin of a table that grows without end."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50


class ReadOnly:
    """Mixed into the admin of what is written by the engine alone, or must never change."""

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class Audited:
    """Mixed into an admin whose changes belong into the audit log; `hidden_fields` without their value."""

    audit_name = ""
    hidden_fields: tuple[str, ...] = ()

    def save_model(self, request: HttpRequest, obj: models.Model, form, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changes = {
            name: HIDDEN
            if name in self.hidden_fields
            else [str(form.initial.get(name)), str(form.cleaned_data[name])]
            for name in form.changed_data
            if name in form.cleaned_data
        }
        self.record(request, "changed" if change else "created", obj, changes)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        self.record(request, "deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for obj in queryset:
            self.record(request, "deleted", obj)
        super().delete_queryset(request, queryset)

    def record(self, request: HttpRequest, deed: str, obj: models.Model, changes: dict | None = None) -> None:
        audit.record(
            f"{self.audit_name}.{deed}",
            obj,
            actor=request.user.get_username(),
            sandbox=getattr(obj, "sandbox_id", None),
            changes=changes,
        )


def role_field(db_field: models.Field, field):
    """The role as a list to choose from."""
    if db_field.name == "role":
        field.widget = admin.widgets.AdminRadioSelect(choices=[(role, role) for role in ROLES])
    return field


class RoleInline(TabularInline):
    model = RoleAssignment
    extra = 0
    autocomplete_fields = ["sandbox"]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        return role_field(db_field, super().formfield_for_dbfield(db_field, request, **kwargs))


@admin.register(User)
class UserAdmin(Audited, DjangoUserAdmin, ModelAdmin):
    audit_name = "user"
    hidden_fields = ("password", "password1", "password2")
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = [RoleInline]
    list_display = ["username", "email", "first_name", "last_name", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser", "is_staff", "role_assignments__role"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list:
        return self.inlines if obj else []  # an account first, then its roles

    def save_formset(self, request: HttpRequest, form, formset, change: bool) -> None:
        """Roles given, changed and taken here are logged like those of the page."""
        super().save_formset(request, form, formset, change)
        rows = [
            *((row, "role_given") for row in formset.new_objects),
            *((row, "role_changed") for row, _ in formset.changed_objects),
            *((row, "role_taken") for row in formset.deleted_objects),
        ]
        for row, deed in rows:
            changes = {"sandbox": str(row.sandbox), "role": row.role}
            actor = request.user.get_username()
            audit.record(f"user.{deed}", form.instance, actor=actor, sandbox=row.sandbox_id, changes=changes)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = ""):
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302 and (user := self.get_object(request, id)):
            self.record(request, "password_changed", user)
        return answer


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(Audited, ModelAdmin):
    audit_name = "role"
    list_display = ["user", "sandbox", "role"]
    list_filter = ["role", "sandbox"]
    list_select_related = ["user", "sandbox"]
    search_fields = ["user__username", "user__email"]
    autocomplete_fields = ["user", "sandbox"]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        return role_field(db_field, super().formfield_for_dbfield(db_field, request, **kwargs))


@admin.register(ApiKey)
class ApiKeyAdmin(Audited, ModelAdmin):
    """A key is made with its secret, and revoked; nothing else about it changes."""

    audit_name = "api_key"
    list_display = ["name", "prefix", "sandbox", "created_by", "last_used_at", "expiry_date", "revoked"]
    list_filter = ["revoked", "sandbox"]
    list_select_related = ["sandbox", "created_by"]
    search_fields = ["name", "prefix"]
    actions = ["revoke"]
    fields = ["name", "sandbox", "permissions", "expiry_date"]
    shown = [
        "name",
        "prefix",
        "sandbox",
        "permissions",
        "expiry_date",
        "revoked",
        "created_by",
        "created",
        "last_used_at",
    ]

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        return self.shown if obj else self.fields

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        if field := form.base_fields.get("permissions"):
            field.help_text = f"A list out of: {', '.join(PERMISSIONS)}."
            field.validators.append(known_permissions)
        return form

    def save_model(self, request: HttpRequest, obj: ApiKey, form, change: bool) -> None:
        obj.created_by = request.user
        secret = ApiKey.objects.assign_key(obj)
        super().save_model(request, obj, form, change)
        messages.warning(request, f"The secret, shown this once: {secret}")

    @admin.action(description="Revoke the chosen keys for good", permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for key in queryset.filter(revoked=False):
            ApiKey.objects.filter(pk=key.pk).update(revoked=True)
            self.record(request, "revoked", key)


def known_permissions(value: object) -> None:
    if not isinstance(value, list) or not value or any(name not in PERMISSIONS for name in value):
        raise ValidationError("A list of names from the permission table.")


@admin.register(AuditEntry)
class AuditEntryAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["at", "actor", "action", "object_label", "sandbox"]
    list_filter = ["sandbox", "object_type"]
    list_select_related = ["sandbox"]
    search_fields = ["actor", "action", "object_label"]
    date_hierarchy = None


admin.site.unregister(Group)
