"""The codes that the engine leaves behind, in plain words."""

REASONS: dict[str, str] = {
    # entrances that did not happen
    "EXTERNAL_KEY_COMPUTATION_ERROR": "The person has no identity in the journey's namespace.",
    "JOURNEY_INSTANCE_ID_NOT_CREATED": "The person was already inside this journey.",
    "reentranceNotAllowed": "The person may not come in again, or not yet.",
    "beforeStartDate": "The journey had not begun yet.",
    "afterEndDate": "The journey was over.",
    # how instances end
    "completed": "Came to the end.",
    "noPathFits": "No path of the condition fits.",
    "journeyStopped": "The journey was stopped.",
    "journeyFinished": "The journey was over.",
    "globalTimeout": "Was inside for the longest time allowed (91 days).",
    # what went wrong
    "waitDateMissing": "The expression gave no date to wait for.",
    "nodeMissing": "The activity is not in this version.",
    "nodeGaveNoMove": "The activity did not say how to go on.",
    "internalError": "An unexpected error happened; its details are with the step.",
}
STATUSES: dict[str, str] = {
    "transitions": "Went on",
    "waiting": "Waits",
    "ended": "Ended",
    "error": "Failed",
    "timedout": "Waited in vain",
    "instanceTimedout": "Was inside too long",
    "exited": "Was taken out",
}


def in_words(code: str | None) -> str:
    """The sentence of a code; the code itself when there is none."""
    return REASONS.get(code, code) if code else ""
