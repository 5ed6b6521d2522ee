"""Signing in and out, the password, and the sandbox one works in."""

from django.contrib import messages
from django.contrib.auth import views as auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ajo.core.errors import NotFound
from ajo.core.permissions import sandboxes_of

login = auth.LoginView.as_view(template_name="core/login.html", redirect_authenticated_user=True)
logout = auth.LogoutView.as_view()
password_change = auth.PasswordChangeView.as_view(
    template_name="core/password_change.html", success_url=reverse_lazy("password-changed")
)


def password_changed(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("Your password is changed."))
    return redirect("home")


@require_POST
def switch_sandbox(request: HttpRequest) -> HttpResponse:
    """Work in another sandbox from now on."""
    wanted = request.POST.get("sandbox", "")
    if not request.user.is_authenticated:
        return redirect("login")
    if wanted not in {sandbox.name for sandbox in sandboxes_of(request.user)}:
        raise NotFound(_("There is no sandbox of this name that you may enter."))
    request.session["sandbox"] = wanted
    return redirect("home")
