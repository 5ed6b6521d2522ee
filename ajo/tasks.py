"""Tasks of the roof: thin doors to the pipeline and to the clock's sweep."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from ajo import pipeline
from ajo.core import clock, partitions, sql, wakeup

# Is there work that nobody was woken for? One cheap probe a queue, each on an index made for the claim.
PROBES: dict[str, str] = {
    "ingest": "SELECT EXISTS (SELECT 1 FROM profiles_inboxrow)",
    "journeys": "SELECT EXISTS (SELECT 1 FROM journeys_journeyinstance WHERE state = 'waiting' AND due_at <= now())",
    "delivery.transactional": "SELECT EXISTS (SELECT 1 FROM channels_app_message WHERE message_type = 'transactional' "
    "AND state IN ('queued', 'sending') AND due_at <= now())",
    "delivery.marketing": "SELECT EXISTS (SELECT 1 FROM channels_app_message WHERE message_type = 'marketing' "
    "AND state IN ('queued', 'sending') AND due_at <= now())",
}


@shared_task(name="ajo.tasks.process_inbox")
def process_inbox() -> int:
    """Carry accepted messages up the house until the inbox is empty."""
    return wakeup.work_until_idle("ingest", pipeline.process_once, full_batch=pipeline.BATCH // 2)


@shared_task(name="ajo.tasks.sweep", expires=5)
def sweep() -> None:
    """Every second: announce timers that are due, and work whose wake-up was lost."""
    for queue, probe in PROBES.items():
        if sql.rows(probe)[0][0]:
            wakeup.announce(queue)


@shared_task(name="ajo.tasks.tend_partitions")
def tend_partitions() -> None:
    """Make the months to come; with RETENTION_DAYS set, drop those that are over."""
    now = clock.now()
    partitions.ensure(now)
    if settings.RETENTION_DAYS:
        oldest = now.date() - timedelta(days=settings.RETENTION_DAYS)
        for table in partitions.TABLES:
            partitions.drop_before(table, oldest)
        sql.run("DELETE FROM profiles_eventkey WHERE seen_on < %s", [oldest])
