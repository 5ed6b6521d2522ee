"""What the channels storey refuses, and how to mend it."""

from ajo.core.errors import Refused


class SettingsInvalid(Refused):
    code = "configuration.settings_invalid"
    message = "Some settings are not valid."
    status = 400


class NameTaken(Refused):
    code = "configuration.name_taken"
    message = "There is a channel configuration with this name already."


class ConfigurationInUse(Refused):
    code = "configuration.in_use"
    message = "Published messages were made with this configuration. Switch it off instead of deleting it."


class TestFailed(Refused):
    code = "configuration.test_failed"
    message = "The test mail was not taken."
    status = 422


class NotFailed(Refused):
    code = "message.not_failed"
    message = "Only a message that failed can be sent again."
