"""The nouns of what and how, one a file."""

from channels_app.models.configuration import Configuration
from channels_app.models.content import Content, Link
from channels_app.models.inbox_mail import InboxMail
from channels_app.models.message import Message, MessageEvent
from channels_app.models.suppression import Suppression

__all__ = ["Configuration", "Content", "InboxMail", "Link", "Message", "MessageEvent", "Suppression"]
