"""Logs."""


def logging_config(level: str = "INFO", json: bool = True) -> dict:
    return {"version": 1, "disable_existing_loggers": False}
