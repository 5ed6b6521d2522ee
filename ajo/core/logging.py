"""Logs: JSON for machines or text for people; each line names the request and the task it is of."""

from contextvars import ContextVar, Token

import structlog
from celery import Task, signals
from structlog.typing import EventDict, WrappedLogger

from ajo.core.request_id import request_id

TASK_HEADER = "request_id"

task_name: ContextVar[str] = ContextVar("task_name", default="")
task_id: ContextVar[str] = ContextVar("task_id", default="")

_tokens: dict[str, list[tuple[ContextVar[str], Token]]] = {}


def add_origin(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The request and the task a line belongs to, when there are any."""
    for variable in (request_id, task_name, task_id):
        if value := variable.get():
            event.setdefault(variable.name, value)
    return event


# For lines of structlog and of plain `logging` alike.
COMMON = [
    structlog.contextvars.merge_contextvars,
    add_origin,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(level: str, json: bool) -> dict:
    """Django's LOGGING; structlog writes through it too."""
    structlog.configure(
        processors=[
            *COMMON,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    if json:
        ending = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    else:
        ending = [structlog.dev.ConsoleRenderer(colors=False)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": COMMON,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django brings handlers of its own; all lines go one way.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # A 404 is the caller's mistake, and no warning to us.
            "django.request": {"level": "ERROR"},
            "uvicorn": {"handlers": [], "level": level, "propagate": True},
            "uvicorn.access": {"handlers": [], "level": "WARNING", "propagate": True},
            # A line for each task and tick would hide the rest.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "mail.log": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
        },
    }


def connect_celery() -> None:
    """Tasks carry the id of the request that started them, and log in our form. Called by `ajo/celery.py`."""
    signals.setup_logging.connect(_leave_logging_alone, dispatch_uid="ajo.logging")
    signals.before_task_publish.connect(_send_request_id, dispatch_uid="ajo.logging")
    signals.task_prerun.connect(_enter_task, dispatch_uid="ajo.logging")
    signals.task_postrun.connect(_leave_task, dispatch_uid="ajo.logging")


def _leave_logging_alone(**kwargs: object) -> None:
    """That somebody listens to this signal keeps Celery from setting up handlers of its own."""


def _send_request_id(headers: dict, **kwargs: object) -> None:
    if value := request_id.get():
        headers.setdefault(TASK_HEADER, value)


def _enter_task(sender: Task, task: Task, **kwargs: object) -> None:
    started = task.request
    sent = (started.headers or {}).get(TASK_HEADER) or started.get(TASK_HEADER)
    _tokens[started.id] = [
        (request_id, request_id.set(sent or request_id.get())),
        (task_name, task_name.set(task.name)),
        (task_id, task_id.set(started.id)),
    ]


def _leave_task(task: Task, **kwargs: object) -> None:
    for variable, token in _tokens.pop(task.request.id, []):
        variable.reset(token)
