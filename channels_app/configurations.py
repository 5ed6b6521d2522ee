"""Channel configurations: checked by the forms of their channel and provider, kept, tried out."""

import secrets as random
from datetime import datetime

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from ajo.core import audit
from ajo.core.errors import SendError
from ajo.core.models import Sandbox
from channels_app import errors
from channels_app.channels.base import Provider, providers
from channels_app.channels.email.channel import EmailSettings, compose, is_address
from channels_app.content.render import Rendered
from channels_app.models import Configuration

CHANNELS: dict[str, type[forms.Form]] = {"email": EmailSettings}
PLAIN_FIELDS = ("name", "message_type", "is_active")
HIDDEN = "(changed)"  # what the audit log says of a secret
TEST_TEXT = "This mail shows that the channel configuration “{name}” can send.\n"
TEST_HTML = (
    "<!doctype html><html><body><p>This mail shows that the channel configuration can send.</p></body></html>"
)


def provider_of(channel: str, kind: str) -> type[Provider]:
    provider = providers.get(kind)
    if channel not in CHANNELS:
        raise errors.SettingsInvalid(errors={"channel": [f"There is no channel {channel!r}."]})
    if provider is None or provider.channel != channel:
        raise errors.SettingsInvalid(
            errors={"provider": [f"There is no provider {kind!r} for this channel."]}
        )
    return provider


def clean(channel: str, kind: str, values: dict) -> tuple[dict, dict]:
    """Values as (settings, secrets given), checked by the channel's and the provider's own forms."""
    provider = provider_of(channel, kind)
    cleaned, wrong = {}, {}
    for form_class in (CHANNELS[channel], provider.Settings):
        form = form_class(data=values)
        form.is_valid()
        cleaned |= form.cleaned_data
        wrong |= {name: [str(message) for message in messages] for name, messages in form.errors.items()}
    known = {*CHANNELS[channel].base_fields, *provider.Settings.base_fields}
    wrong |= {name: ["There is no setting of this name."] for name in values if name not in known}
    if wrong:
        raise errors.SettingsInvalid(errors=wrong)
    given = {name: cleaned[name] for name in provider.secret_fields if cleaned.get(name)}
    return {n: v for n, v in cleaned.items() if n not in provider.secret_fields}, given


@transaction.atomic
def create(
    sandbox: Sandbox, plain: dict, values: dict, *, actor: str, channel: str = "email", provider: str = "smtp"
) -> Configuration:
    """`plain` are name, message type and state; `values` what the forms ask for."""
    settings, secrets = clean(channel, provider, values)
    configuration = Configuration(
        sandbox=sandbox, channel=channel, provider=provider, settings=settings, secrets=secrets, **plain
    )
    _save(configuration)
    audit.record("configuration.created", configuration, actor=actor, sandbox=sandbox)
    return configuration


@transaction.atomic
def change(
    configuration: Configuration, plain: dict, values: dict | None = None, *, actor: str
) -> Configuration:
    """Change a configuration; secrets that are not given stay as they are."""
    configuration = Configuration.objects.select_for_update().get(pk=configuration.pk)
    before = {name: getattr(configuration, name) for name in plain} | configuration.settings
    after = dict(plain)
    for name, value in plain.items():
        setattr(configuration, name, value)
    if values is not None:
        configuration.settings, given = clean(configuration.channel, configuration.provider, values)
        after |= configuration.settings
        configuration.secrets = (configuration.secrets or {}) | given
        after |= dict.fromkeys(given, HIDDEN)
    _save(configuration)
    changes = audit.differences(before, after)
    if changes:
        audit.record(
            "configuration.changed",
            configuration,
            actor=actor,
            sandbox=configuration.sandbox_id,
            changes=changes,
        )
    return configuration


@transaction.atomic
def delete(configuration: Configuration, *, actor: str) -> None:
    audit.record("configuration.deleted", configuration, actor=actor, sandbox=configuration.sandbox_id)
    try:
        with transaction.atomic():
            configuration.delete()
    except ProtectedError as error:
        raise errors.ConfigurationInUse() from error


def send_test(configuration: Configuration, address: str, *, actor: str, now: datetime) -> str:
    """Send a short mail to an address; the provider's answer, or TestFailed with what it said."""
    if not is_address(address):
        raise errors.SettingsInvalid(
            "This is no email address.", errors={"address": ["This is no email address."]}
        )
    mime = compose(
        Rendered(f"Test of {configuration.name}", TEST_HTML, TEST_TEXT.format(name=configuration.name)),
        settings=configuration.settings,
        recipient=address,
        message_id=random.randbits(48),
        is_marketing=False,
        now=now,
    )
    connection = providers[configuration.provider].connect(
        configuration.settings, configuration.secrets or {}
    )
    try:
        answer = connection.send(configuration.settings["from_email"], address, mime)
    except SendError as error:
        raise errors.TestFailed(f"The test mail was not taken. {error}") from error
    finally:
        connection.close()
    changes = {"address": [None, address]}
    audit.record(
        "configuration.tested", configuration, actor=actor, sandbox=configuration.sandbox_id, changes=changes
    )
    return answer


def _save(configuration: Configuration) -> None:
    try:
        with transaction.atomic():
            configuration.save()
    except IntegrityError as error:
        raise errors.NameTaken() from error
