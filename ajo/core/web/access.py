"""API keys, users and roles, and the audit log."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ajo.core import keys, users
from ajo.core.errors import Refused
from ajo.core.models import ApiKey, AuditEntry, RoleAssignment
from ajo.core.permissions import PERMISSIONS, ROLES, needs
from ajo.core.web.dialogs import ask, go
from ajo.core.web.forms import ROLE_LABELS, ApiKeyForm, UserForm
from ajo.core.web.paging import page_of, searched, show_list

# --- API keys -----------------------------------------------------------------------------------------------


@require_GET
@needs("access.edit")
def api_keys(request: HttpRequest) -> HttpResponse:
    rows = (
        ApiKey.objects.filter(sandbox=request.access.sandbox)
        .select_related("created_by")
        .order_by("-created")
    )
    search = searched(request)
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(prefix=search))
    page = page_of(rows, request)
    for key in page.object_list:
        key.permission_texts = [PERMISSIONS.get(name, name) for name in key.permissions]
    context = {"page": page, "search": search, "is_empty": not search and not page.paginator.count}
    return show_list(request, "core", context, name="api_keys")


@never_cache
@require_http_methods(["GET", "POST"])
@needs("access.edit")
def api_key_create(request: HttpRequest) -> HttpResponse:
    """The form; then the secret, this once."""
    form = ApiKeyForm(request.POST or None, access=request.access)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        key, secret = keys.create(
            request.access, values["name"], values["permissions"], expires_at=form.expires_at
        )
        return render(request, "core/api_key_made.html", {"key": key, "secret": secret})
    return render(request, "core/api_key_create.html", {"form": form})


@require_http_methods(["GET", "POST"])
@needs("access.edit")
def api_key_revoke(request: HttpRequest, prefix: str) -> HttpResponse:
    key = get_object_or_404(ApiKey, sandbox=request.access.sandbox, prefix=prefix)
    if request.method == "GET":
        return ask(
            request,
            title=_("Revoke “%(name)s”?") % {"name": key.name},
            text=_("Programs that use it are refused from now on. It cannot be undone."),
            button=_("Revoke"),
        )
    keys.revoke(key, actor=request.access.actor)
    return go(request, reverse("api-keys:list"), _("The key is revoked."))


# --- users and roles ----------------------------------------------------------------------------------------


@require_GET
@needs("access.edit")
def people(request: HttpRequest) -> HttpResponse:
    rows = RoleAssignment.objects.filter(sandbox=request.access.sandbox).select_related("user")
    search = searched(request)
    if search:
        rows = rows.filter(
            Q(user__username__icontains=search)
            | Q(user__email__icontains=search)
            | Q(user__first_name__icontains=search)
            | Q(user__last_name__icontains=search)
        )
    page = page_of(rows.order_by("user__username"), request)
    context = {
        "page": page,
        "search": search,
        "roles": list(ROLES),
        "is_empty": not search and not page.paginator.count,
    }
    return show_list(request, "core", context | {"role_labels": ROLE_LABELS}, name="users")


@require_http_methods(["GET", "POST"])
@needs("access.edit")
def user_add(request: HttpRequest) -> HttpResponse:
    form = UserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            users.add(
                request.access,
                values["username"],
                values["role"],
                email=values["email"],
                password=values["password"] or None,
            )
        except Refused as refused:
            form.add_error(refused.details.get("field"), refused.message)
        else:
            return go(request, reverse("users:list"), _("%(name)s was added.") % {"name": values["username"]})
    return render(request, "core/user_add.html", {"form": form})


@require_POST
@needs("access.edit")
def user_role(request: HttpRequest, assignment_id: int) -> HttpResponse:
    users.set_role(request.access, wanted_assignment(request, assignment_id), request.POST.get("role", ""))
    return go(request, reverse("users:list"), _("The role is changed."))


@require_http_methods(["GET", "POST"])
@needs("access.edit")
def user_remove(request: HttpRequest, assignment_id: int) -> HttpResponse:
    assignment = wanted_assignment(request, assignment_id)
    if request.method == "GET":
        return ask(
            request,
            title=_("Take %(name)s out of this sandbox?") % {"name": assignment.user},
            text=_("The account stays; its roles in other sandboxes too."),
            button=_("Take out"),
        )
    users.remove(request.access, assignment)
    return go(request, reverse("users:list"), _("Taken out of this sandbox."))


@require_http_methods(["GET", "POST"])
@needs("access.edit")
def user_active(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Close or open the account."""
    user = wanted_assignment(request, assignment_id).user
    if request.method == "GET":
        closing = user.is_active
        return ask(
            request,
            title=_("Deactivate %(name)s?") % {"name": user}
            if closing
            else _("Activate %(name)s?") % {"name": user},
            text=_("They cannot sign in any more. What they made stays.")
            if closing
            else _("They can sign in again."),
            button=_("Deactivate") if closing else _("Activate"),
            danger=closing,
        )
    users.set_active(request.access, user, not user.is_active)
    return go(request, reverse("users:list"), _("The account is changed."))


def wanted_assignment(request: HttpRequest, assignment_id: int) -> RoleAssignment:
    rows = RoleAssignment.objects.select_related("user")
    return get_object_or_404(rows, pk=assignment_id, sandbox=request.access.sandbox)


# --- audit log ----------------------------------------------------------------------------------------------


@require_GET
@needs("audit.view")
def audit_log(request: HttpRequest) -> HttpResponse:
    rows = AuditEntry.objects.filter(sandbox=request.access.sandbox)
    search = searched(request)
    if search:
        rows = rows.filter(
            Q(actor__icontains=search) | Q(action__icontains=search) | Q(object_label__icontains=search)
        )
    page = page_of(rows, request, size=50)
    context = {"page": page, "search": search, "is_empty": not search and not page.paginator.count}
    return show_list(request, "core", context, name="audit")
