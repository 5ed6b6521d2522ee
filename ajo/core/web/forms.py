"""Forms of the administration pages of the ground floor."""

from datetime import timedelta

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from ajo.core import clock
from ajo.core.permissions import PERMISSIONS, ROLES, Access

LIFETIMES = [("", _("Never")), ("30", _("In 30 days")), ("90", _("In 90 days")), ("365", _("In a year"))]
ROLE_LABELS = {
    "administrator": _("Administrator: everything, also people, keys and parked records"),
    "marketer": _("Marketer: draws and publishes journeys, sets up events and channels"),
    "analyst": _("Analyst: sees everything, changes nothing"),
}


class ApiKeyForm(forms.Form):
    """A new key. Only what its maker may do is offered."""

    name = forms.CharField(max_length=50, label=_("Name"), help_text=_("Which program will use it."))
    permissions = forms.MultipleChoiceField(label=_("It may"), widget=forms.CheckboxSelectMultiple)
    lifetime = forms.ChoiceField(choices=LIFETIMES, required=False, label=_("Expires"))

    def __init__(self, *args, access: Access, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offered = [(name, text) for name, text in PERMISSIONS.items() if access.may(name)]
        self.fields["permissions"].choices = offered

    @property
    def expires_at(self):
        days = self.cleaned_data["lifetime"]
        return clock.now() + timedelta(days=int(days)) if days else None


class UserForm(forms.Form):
    """Somebody new in the sandbox."""

    username = forms.CharField(max_length=150, label=_("User name"), validators=[UnicodeUsernameValidator()])
    email = forms.EmailField(required=False, label=_("Email"))
    password = forms.CharField(
        required=False,
        label=_("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty when the account exists already. They change it after signing in."),
    )
    role = forms.ChoiceField(
        choices=list(ROLE_LABELS.items()), widget=forms.RadioSelect, label=_("Role"), initial="analyst"
    )

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if password:
            validate_password(password)
        return password


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(choices=[(role, role.capitalize()) for role in ROLES], label=_("Role"))
