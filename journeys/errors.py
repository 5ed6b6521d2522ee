"""What journeys refuse, and how to mend it."""

from ajo.core.errors import Refused


class NotADraft(Refused):
    code = "journey.not_a_draft"
    message = "Only a draft can be changed or published. Make a new version first."


class StaleRevision(Refused):
    code = "journey.stale_revision"
    message = "Somebody else changed this draft in the meantime. Nothing of theirs is lost: reload, then do it again."


class GraphInvalid(Refused):
    code = "journey.graph_invalid"
    message = "The journey has errors. Mend them, then publish."
    status = 422


class BadOperation(Refused):
    code = "journey.bad_operation"
    message = "This edit is not possible."
    status = 422


class NotLive(Refused):
    code = "journey.not_live"
    message = "Only a live version can be closed."


class NotRunning(Refused):
    code = "journey.not_running"
    message = "Only a live or closed version can be stopped."


class DraftExists(Refused):
    code = "journey.draft_exists"
    message = "There is a draft of this journey already. Change that one."


class NameTaken(Refused):
    code = "journey.name_taken"
    message = "There is a journey with this name already."


class RuleInvalid(Refused):
    code = "event.rule_invalid"
    message = "The rule cannot be read."
    status = 400


class EventInUse(Refused):
    code = "event.in_use"
    message = "Journeys use this event. Take it out of their drafts, or let them finish, then delete it."


class EventNameTaken(Refused):
    code = "event.name_taken"
    message = "There is an event with this name already."


class NotDeletable(Refused):
    code = "journey.not_deletable"
    message = "Only a journey that was never published can be deleted. Close or stop this one instead."


class MalformedGraph(Refused):
    code = "journey.graph_malformed"
    message = "This is not a graph."
    status = 400


class PropertiesInvalid(Refused):
    code = "journey.properties_invalid"
    message = "Some properties are not valid."
    status = 400
