"""The nouns of the facts storey, one a file."""

from profiles.models.event import EventKey, ExperienceEvent
from profiles.models.identity import Identity, Namespace
from profiles.models.inbox import InboxRow, ParkedRecord
from profiles.models.profile import ConsentChange, MergedProfile, Profile
from profiles.models.schema import Dataset, Inlet, Schema

__all__ = [
    "ConsentChange",
    "Dataset",
    "EventKey",
    "ExperienceEvent",
    "Identity",
    "InboxRow",
    "Inlet",
    "MergedProfile",
    "Namespace",
    "ParkedRecord",
    "Profile",
    "Schema",
]
