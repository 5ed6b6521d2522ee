"""Rendering: frozen content and one person's data become the parts of one mail."""

import html as html_text
import re
from dataclasses import dataclass
from functools import partial

from channels_app.content.links import click_url, open_url, unsubscribe_url
from channels_app.content.personalization import TemplateProblem, compiled

BODY_START = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


@dataclass(frozen=True)
class Rendered:
    """One person's mail, before it gets an envelope."""

    subject: str
    html: str
    text: str


def render_email(parts: dict, data: dict, message_id: int) -> Rendered:
    """Fill all parts for one message; TemplateProblem (naming the part) when one of them cannot be filled."""
    data = data | {"_track": partial(click_url, message_id), "unsubscribe_url": unsubscribe_url(message_id)}
    subject = " ".join(_part(parts, "subject", data, html=False).split())
    html = _part(parts, "html", data, html=True)
    text = _part(parts, "text", data, html=False)
    preheader = _part(parts, "preheader", data, html=False).strip()
    if html:
        html = with_preheader_and_pixel(html, preheader, message_id)
    return Rendered(subject, html, text)


def _part(parts: dict, name: str, data: dict, *, html: bool) -> str:
    source = parts.get(name) or ""
    if "{" not in source:
        return source
    try:
        return compiled(source, html).render(data)
    except TemplateProblem as problem:
        raise TemplateProblem(f"{name}: {problem.message}", problem.line, problem.column) from problem


def with_preheader_and_pixel(html: str, preheader: str, message_id: int) -> str:
    """The hidden line that inboxes show after the subject, and the picture whose loading counts as an open."""
    pixel = f'<img src="{open_url(message_id)}" width="1" height="1" alt="" style="display:block;border:0">'
    if end := BODY_END.search(html):
        html = f"{html[: end.start()]}{pixel}{html[end.start() :]}"
    else:
        html += pixel
    if preheader:
        hidden = f'<div style="display:none;max-height:0;overflow:hidden">{html_text.escape(preheader)}</div>'
        start = BODY_START.search(html)
        position = start.end() if start else 0
        html = f"{html[:position]}{hidden}{html[position:]}"
    return html
