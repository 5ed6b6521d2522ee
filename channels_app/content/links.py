"""Tracked links, the open pixel and the unsubscribe address: signed tokens, so that nothing redirects anywhere else."""

import base64
import hashlib
import hmac
import re
import struct
from functools import lru_cache
from html import unescape
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from django.conf import settings

# href of <a> and <area>, quoted either way; what stands inside may hold personalization
HREF = re.compile(r"""(<(?:a|area)\b[^>]*?\bhref\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE | re.DOTALL)
NOT_TRACKED = re.compile(
    r"^\s*(?:mailto:|tel:|sms:|#|\{\{\s*(?:unsubscribe_url|mirror_url)\b)", re.IGNORECASE
)
MAC_BYTES = 12

OPEN, CLICK, UNSUBSCRIBE = b"o", b"c", b"u"


class FoundLink(NamedTuple):
    """A link of a content: its position and its address as written."""

    position: int
    url: str


class Token(NamedTuple):
    """What a tracking address says once its signature holds."""

    kind: bytes
    message_id: int
    position: int


def number_links(html: str) -> tuple[str, list[FoundLink]]:
    """HTML whose tracked addresses are calls of `track(position, address)`, and the links in order."""
    found: list[FoundLink] = []

    def numbered(match: re.Match) -> str:
        url = match[2] if match[2] is not None else match[3]
        if NOT_TRACKED.match(url) or not url.strip():
            return match[0]
        position = len(found)
        found.append(FoundLink(position, url.strip()))
        if "{{" in url or "{%" in url:
            return f'{match[1]}"{{% set _address %}}{url.strip()}{{% endset %}}{{{{ _track({position}, _address) }}}}"'
        return f'{match[1]}"{{{{ _track({position}) }}}}"'

    return HREF.sub(numbered, html), found


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return hashlib.sha256(b"message tracking" + secret.encode()).digest()


def _mac(secret: str, body: bytes) -> bytes:
    return hmac.digest(_key(secret), body, "sha256")[:MAC_BYTES]


def sign(kind: bytes, message_id: int, position: int = 0, address: str = "") -> str:
    """A token for a message. A personalized address is covered by the signature and travels beside it."""
    body = kind + struct.pack(">QH", message_id, position)
    mac = _mac(settings.SECRET_KEY, body + address.encode())
    return base64.urlsafe_b64encode(body + mac).rstrip(b"=").decode()


def read(token: str, address: str = "") -> Token | None:
    """The token's content; None when it was not made here."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(body) != 11:
        return None
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        if hmac.compare_digest(mac, _mac(secret, body + address.encode())):
            message_id, position = struct.unpack(">QH", body[1:])
            return Token(body[:1], message_id, position)
    return None


def is_web_address(url: str) -> bool:
    """May a click lead there? Only to http and https with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def click_url(message_id: int, position: int, address: str | None = None) -> str:
    """The address that counts the click and leads on. `address`: only where it is personalized."""
    if address is None:
        return f"{settings.TRACKING_URL}/t/c/{sign(CLICK, message_id, position)}"
    address = unescape(str(address)).strip()  # it was filled in as a part of HTML
    if not is_web_address(address):
        return address if address.startswith("/") else "#"
    return f"{settings.TRACKING_URL}/t/c/{sign(CLICK, message_id, position, address)}?u={quote(address, safe='')}"


def open_url(message_id: int) -> str:
    return f"{settings.TRACKING_URL}/t/o/{sign(OPEN, message_id)}.gif"


def unsubscribe_url(message_id: int) -> str:
    return f"{settings.TRACKING_URL}/u/{sign(UNSUBSCRIBE, message_id)}"
