"""What the facts storey refuses, and how to mend it."""

from ajo.core.errors import Refused


class InvalidMessage(Refused):
    """A record or event that cannot be taken. `pointer` is the JSON pointer of the place."""

    code = "ingest.invalid_message"
    message = "Invalid XDM Message Format"
    status = 400


class UnknownInlet(Refused):
    code = "ingest.unknown_inlet"
    message = "There is no such inlet, or it is switched off. Copy the address from Administration → Inlets."
    status = 404


class NotStored(Refused):
    code = "ingest.not_stored"
    message = "The message could not be stored. Send it again: retry at least three times, waiting longer each time."
    status = 503
