"""The life of message content: checked while it is written, frozen when it is published."""

import html as html_text
import re

from inscriptis import get_text

from channels_app.content.links import FoundLink, is_web_address, number_links
from channels_app.content.personalization import Template, TemplateProblem
from channels_app.models import Configuration, Content, Link

PARTS = ("subject", "preheader", "html", "text")
TEMPLATE_MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def problems(channel: str, parts: dict) -> list[tuple[str, str]]:
    """What is wrong with content: (field, sentence) pairs. Empty means it can be published."""
    found = []
    for name in PARTS:
        try:
            Template(str(parts.get(name) or ""), html=name == "html")
        except TemplateProblem as problem:
            found.append((name, str(problem)))
    _, links = number_links(str(parts.get("html") or ""))
    found += [
        ("html", f"The link “{link.url}” must begin with https:// or http://.")
        for link in links
        if is_bad(link)
    ]
    if "\n" in str(parts.get("subject") or "").strip():
        found.append(("subject", "A subject is one line."))
    return found


def is_bad(link: FoundLink) -> bool:
    return not TEMPLATE_MARK.search(link.url) and not is_web_address(html_text.unescape(link.url))


def freeze(configuration: Configuration, params: dict, *, label: str) -> Content:
    """Keep content as it is now, with its links numbered; every message of the published node renders this."""
    html, links = number_links(params.get("html") or "")
    parts = {
        "subject": params.get("subject") or "",
        "preheader": params.get("preheader") or "",
        "html": html,
        "text": params.get("text") or text_of(params.get("html") or ""),
    }
    content = Content.objects.create(
        sandbox_id=configuration.sandbox_id,
        configuration=configuration,
        channel=configuration.channel,
        parts=parts,
        label=label,
    )
    Link.objects.bulk_create(
        Link(content=content, position=link.position, url=html_text.unescape(link.url)) for link in links
    )
    return content


def plain_subject(parts: dict) -> str:
    """The subject for lists: what is filled in for each person stands as an ellipsis."""
    return TEMPLATE_MARK.sub("…", str(parts.get("subject") or ""))


def text_of(html: str) -> str:
    """The text body of an HTML body: template marks are kept as they are, links stand behind their words."""
    marks: list[str] = []

    def hide(match: re.Match) -> str:
        marks.append(html_text.unescape(match[0]))
        return f"\ue000{len(marks) - 1}\ue001"

    hidden = TEMPLATE_MARK.sub(
        hide, re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL | re.IGNORECASE)
    )
    linked = re.sub(
        r"""<a\b[^>]*?\bhref\s*=\s*["']([^"']*)["'][^>]*>(.*?)</a>""",
        r"\2 (\1)",
        hidden,
        flags=re.IGNORECASE | re.DOTALL,
    )
    text = get_text(linked) if linked.strip() else ""
    text = re.sub(r"\ue000(\d+)\ue001", lambda match: marks[int(match[1])], text)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in text.splitlines())).strip() + "\n"
