"""What a provider is: one file that says how it is set up and how it sends."""

from typing import ClassVar, Protocol

from django import forms

from ajo.core.errors import SendError
from ajo.core.registry import Registry


class HardBounce(SendError):
    """The provider refuses this recipient for good."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, retry=False, code=code)


class Connection(Protocol):
    """A way to the provider that is kept open between messages. Used by one thread at a time."""

    def send(self, sender: str, recipient: str, mime: bytes) -> str:
        """Hand over one mail; the provider's answer. SendError (retry or not) when it does not take it,
        HardBounce when it will never reach this recipient."""

    def close(self) -> None: ...


class Provider:
    """Base of every provider."""

    channel: ClassVar[str]
    kind: ClassVar[str]
    label: ClassVar[str]

    class Settings(forms.Form):
        """What it needs to know. Fields named in `secret_fields` are kept encrypted and never shown again."""

    secret_fields: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def connect(cls, settings: dict, secrets: dict) -> Connection:
        raise NotImplementedError


providers: Registry[type[Provider]] = Registry("provider", "channels_app.channels")
