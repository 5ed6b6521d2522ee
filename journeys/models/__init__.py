"""The nouns of when, one a file."""

from journeys.models.event_definition import EventDefinition
from journeys.models.instance import EventWait, JourneyInstance, Refusal
from journeys.models.journey import DraftEdit, Journey, JourneyVersion
from journeys.models.step import NodeTally, StepEvent

__all__ = [
    "DraftEdit",
    "EventDefinition",
    "EventWait",
    "Journey",
    "JourneyInstance",
    "JourneyVersion",
    "NodeTally",
    "Refusal",
    "StepEvent",
]
