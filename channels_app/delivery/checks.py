"""Why a message may not go out, asked in this order just before it would. The codes are the exclusion codes."""

from collections.abc import Callable
from dataclasses import dataclass

from channels_app.channels.email.channel import is_address
from profiles.consent import allows_marketing

REASONS: dict[str, str] = {
    "profileGone": "The profile was deleted.",
    "050020": "The profile has no address.",
    "050024": "The address is malformed.",
    "050101": "No consent for email.",
    "050107": "The address is on the suppression list.",
    "contentFailed": "The content could not be filled.",
}


@dataclass(slots=True)
class Candidate:
    """A message that is about to go out, with what the checks ask about."""

    profile_exists: bool
    attributes: dict
    address: str | None
    is_marketing: bool
    is_suppressed: bool


def profile_exists(candidate: Candidate) -> str | None:
    return None if candidate.profile_exists else "profileGone"


def has_address(candidate: Candidate) -> str | None:
    if not candidate.address:
        return "050020"
    return None if is_address(candidate.address) else "050024"


def has_consent(candidate: Candidate) -> str | None:
    if candidate.is_marketing and not allows_marketing(candidate.attributes, "email"):
        return "050101"
    return None


def is_not_suppressed(candidate: Candidate) -> str | None:
    return "050107" if candidate.is_suppressed else None


CHECKS: list[Callable[[Candidate], str | None]] = [
    profile_exists,
    has_address,
    has_consent,
    is_not_suppressed,
]


def reason_to_skip(candidate: Candidate) -> str | None:
    """The first reason found; None means send."""
    return next((reason for check in CHECKS if (reason := check(candidate))), None)


def in_words(reason: str | None) -> str:
    """The sentence of a reason: of a code from the list, else what the provider or the renderer said."""
    if not reason:
        return ""
    code, _, rest = reason.partition(": ")
    return f"{REASONS[code]} {rest}".strip() if code in REASONS else reason
