"""Tasks of the journeys storey: thin doors to the engine."""

from celery import shared_task

from ajo.core import clock, wakeup
from journeys import versions
from journeys.engine import executor, tallies


@shared_task(name="journeys.tasks.run_due")
def run_due() -> int:
    """Take due instances as far as they can go, until none is due."""
    return wakeup.work_until_idle("journeys", executor.run_once, full_batch=executor.BATCH)


@shared_task(name="journeys.tasks.finish_over")
def finish_over() -> int:
    """Finish versions whose time is over."""
    return versions.finish_over(clock.now())


@shared_task(name="journeys.tasks.sum_tallies")
def sum_tallies() -> int:
    """Sum up the counts that batches appended."""
    return tallies.compact()
