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
