"""Email as a channel: what a configuration asks for, and how a rendered mail becomes bytes."""

import binascii
import re
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr

from django import forms

from channels_app.content.links import unsubscribe_url
from channels_app.content.render import Rendered

ADDRESS = re.compile(r"^[^\s@<>,;:\"\\()\[\]\x00-\x1f]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$")
DEFAULT_ADDRESS_PATH = "personalEmail.address"


class EmailSettings(forms.Form):
    """What every email configuration says, whatever provider sends it."""

    from_name = forms.CharField(max_length=120, label="From name")
    from_email = forms.EmailField(label="From email")
    reply_to = forms.EmailField(required=False, label="Reply-to email")
    address_path = forms.RegexField(
        r"^[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)*$",
        initial=DEFAULT_ADDRESS_PATH,
        label="Delivery address",
        help_text="The profile field that holds the address.",
    )


def is_address(value: object) -> bool:
    """Does this look like one deliverable address? Line breaks and lists of addresses never do."""
    return isinstance(value, str) and len(value) <= 320 and value.isascii() and bool(ADDRESS.match(value))


def compose(
    rendered: Rendered, *, settings: dict, recipient: str, message_id: int, is_marketing: bool, now: datetime
) -> bytes:
    """The mail as bytes: headers, then the text and HTML parts as quoted-printable."""
    sender = parseaddr(settings["from_email"])[1]
    boundary = f"=_{message_id:x}_{int(now.timestamp() * 1000):x}"
    headers = [
        ("From", formataddr((one_line(settings.get("from_name", "")), sender), charset="utf-8")),
        ("To", recipient),
        ("Subject", encoded(rendered.subject)),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<{message_id}.{int(now.timestamp()):x}@{sender.partition('@')[2]}>"),
        ("MIME-Version", "1.0"),
    ]
    if settings.get("reply_to"):
        headers.append(("Reply-To", one_line(settings["reply_to"])))
    if is_marketing:
        headers.append(("List-Unsubscribe", f"<{unsubscribe_url(message_id)}>"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    headers.append(("Content-Type", f'multipart/alternative; boundary="{boundary}"'))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
    parts = [part("text/plain", rendered.text, boundary)]
    if rendered.html:
        parts.append(part("text/html", rendered.html, boundary))
    return head + b"\r\n" + b"".join(parts) + f"--{boundary}--\r\n".encode()


def part(content_type: str, text: str, boundary: str) -> bytes:
    body = (
        binascii.b2a_qp(text.replace("\r\n", "\n").encode(), istext=True)
        .replace(b"\r\n", b"\n")
        .replace(b"\n", b"\r\n")
    )
    head = (
        f"--{boundary}\r\nContent-Type: {content_type}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"


def one_line(value: str) -> str:
    """A header value without line breaks: nobody's data may add headers."""
    return " ".join(str(value).split())


def encoded(value: str) -> str:
    value = one_line(value)
    if value.isascii() and len(value) < 900:
        return value
    return Header(value, "utf-8", maxlinelen=75).encode(linesep="\r\n")
