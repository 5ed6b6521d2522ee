"""Refusals that a caller can act on. The API answers them as problem JSON, pages show them inline."""


class Refused(Exception):
    """Base of every refusal: a stable code, a sentence that says how to mend it, and an HTTP status."""

    code = "refused"
    message = "This was refused."
    status = 409

    def __init__(self, message: str | None = None, **details: object) -> None:
        self.message = message or type(self).message
        self.details = details
        super().__init__(self.message)


class NotAllowed(Refused):
    code = "access.not_allowed"
    message = "Your role does not allow this. Ask an administrator of the sandbox."
    status = 403


class NotFound(Refused):
    code = "not_found"
    message = "There is no such object in this sandbox."
    status = 404


class GrantsTooMuch(Refused):
    code = "access.grants_too_much"
    message = (
        "An API key can never do more than the one who makes it. Leave out the permissions you do not have."
    )
    status = 403


class AlreadyThere(Refused):
    code = "already_there"
    message = "There is one already."


class InUse(Refused):
    code = "in_use"
    message = "This is still used, and cannot be deleted."


class BadInput(Refused):
    code = "bad_input"
    message = "The input is not valid."
    status = 400


class TooLarge(Refused):
    code = "too_large"
    message = "The input is too large."
    status = 413


class SendError(Exception):
    """Talking to the outside failed. `retry`: worth another try (5xx, 429, time-out) or not (other 4xx)."""

    def __init__(self, message: str, *, retry: bool, code: str = "") -> None:
        super().__init__(message)
        self.retry = retry
        self.code = code
