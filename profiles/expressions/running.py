"""One evaluation under way: the snapshot's parts, the clock, variables and the budget."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo

from profiles.expressions.dates import read_zone
from profiles.expressions.limits import ITEM_STEPS
from profiles.expressions.values import as_moment

logger = logging.getLogger(__name__)

# The key of the snapshot for each root of a path.
PARTS = {
    "profile": "profile", "xEvent": "xEvent", "event": "event", "source": "datasource", "action": "action",
    "decision": "decision", "datasetLookup": "datasetLookup", "properties": "properties", "offer": "offer",
    "context": "contextData", "trigger": "trigger",
}  # fmt: skip
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Exhausted(Exception):
    """The evaluation took more steps over items than it may."""


class PartFailed(Exception):
    """A lazy part of the snapshot could not be loaded; its cause goes on to the caller."""


class NewestFirst(list):
    """Events already in order."""


class Run:
    """The state of one evaluation; `now` is one moment for all of it."""

    __slots__ = ("snapshot", "now", "slots", "steps", "cache", "_zone", "watch")

    def __init__(self, snapshot: Mapping, now: datetime, slots: int, watch: list | None = None):
        self.snapshot = snapshot
        self.now = now if now.tzinfo is UTC else now.astimezone(UTC)
        self.slots = [None] * slots
        self.steps = 0
        self.cache: dict | None = None
        self.watch = watch  # where `recheck` wants to hear what was compared with the clock
        self._zone: tzinfo | None = None

    @property
    def zone(self) -> tzinfo:
        """The evaluation zone; UTC if the snapshot names none."""
        if self._zone is None:
            name = self.part("timezone")
            self._zone = (read_zone(name) if isinstance(name, str) else None) or UTC
        return self._zone

    def spend(self, steps: int) -> None:
        """Count steps over items; Exhausted beyond the budget."""
        self.steps += steps
        if self.steps > ITEM_STEPS:
            raise Exhausted

    def part(self, name: str) -> object:
        """A part of the snapshot. A callable is called once; a plain dict keeps the answer for the next
        rule.
        """
        value = self.snapshot.get(name)
        if not callable(value):
            return value
        if self.cache is not None and name in self.cache:
            return self.cache[name]
        try:
            value = value()
        except Exception as found:
            raise PartFailed from found
        self.keep(name, value)
        return value

    def keep(self, name: str, value: object) -> None:
        if type(self.snapshot) is dict:
            self.snapshot[name] = value
        else:
            self.once(name, lambda: value)

    def once(self, name: object, make: Callable[[], object]) -> object:
        """A value made once per evaluation."""
        if self.cache is None:
            self.cache = {}
        if name not in self.cache:
            self.cache[name] = make()
        return self.cache[name]

    def events(self) -> list:
        """The experience events, newest first; those of one instant as the snapshot has them, undated ones
        last.
        """
        events = self.part("xEvent")
        if isinstance(events, NewestFirst):
            return events
        if self.cache is not None and "events" in self.cache:
            return self.cache["events"]
        found = [event for event in events if isinstance(event, Mapping)] if isinstance(events, list) else []
        self.spend(len(found))
        moments = [as_moment(event.get("timestamp"), self.zone) or LONG_AGO for event in found]
        order = sorted(range(len(found)), key=moments.__getitem__, reverse=True)
        result = NewestFirst(found[index] for index in order)
        if type(self.snapshot) is dict:
            self.snapshot["xEvent"] = result
        else:
            self.once("events", lambda: result)
        return result

    def trigger(self, first_name: str | None) -> object:
        """The event being judged: the part `trigger`, else `event` if it is one payload or holds only one."""
        value = self.part("trigger")
        events = self.part("event") if value is None else None
        if not isinstance(events, Mapping) or first_name in events:
            return value if events is None else events
        return next(iter(events.values())) if len(events) == 1 else None

    def audiences(self) -> Mapping:
        """Status by name or id."""
        value = self.part("audiences")
        return value if isinstance(value, Mapping) else {}


def walk_path(run: Run, value: object, names: tuple[str, ...]) -> object:
    """The value at a path: through a list the list of values, flattened, null where an item lacks the
    field.
    """
    for name in names:
        if type(value) is dict:
            value = value.get(name)
        elif value is None:
            return None
        else:
            value = step_into(run, value, name)
    return value


def step_into(run: Run, value: object, name: str) -> object:
    """One name further into an object or a list of objects."""
    if isinstance(value, Mapping):
        return value.get(name)
    if not isinstance(value, list):
        return None
    run.spend(len(value))
    result = []
    for item in value:
        found = item.get(name) if type(item) is dict else step_into(run, item, name)
        if isinstance(found, list):
            run.spend(len(found))
            result.extend(found)
        else:
            result.append(found)
    return result
