"""Tasks of the channels storey: thin doors to the sender."""

from functools import partial

from celery import shared_task

from ajo.core import wakeup
from channels_app.delivery import sender


@shared_task(name="channels_app.tasks.send_transactional")
def send_transactional() -> int:
    """Send transactional messages until none is due."""
    return _send("transactional")


@shared_task(name="channels_app.tasks.send_marketing")
def send_marketing() -> int:
    """Send marketing messages until none is due."""
    return _send("marketing")


def _send(message_type: str) -> int:
    run_once = partial(sender.run_once, message_type)
    return wakeup.work_until_idle(f"delivery.{message_type}", run_once, full_batch=sender.BATCH)


@shared_task(name="channels_app.tasks.release_dead")
def release_dead() -> int:
    """Give back what dead senders of this host had claimed."""
    return sender.release_dead()
