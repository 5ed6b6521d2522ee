"""The Celery application: queues, and what runs by the clock."""

import os

from celery import Celery
from kombu import Queue

from ajo.core import heartbeat, logging, wakeup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ajo.settings")

logging.connect_celery()
app = Celery("ajo")
app.config_from_object("django.conf:settings", namespace="CELERY")

QUEUES = ("ingest", "audiences", "journeys", "delivery.transactional", "delivery.marketing", "jobs")

app.conf.update(
    task_queues=[Queue(name) for name in QUEUES],
    task_default_queue="jobs",
    task_routes={task: {"queue": queue} for queue, task in wakeup.TASKS.items()},
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=False,  # rows wait in PostgreSQL; a lost wake-up is swept up by the clock
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 600, "socket_keepalive": True},
    task_publish_retry=False,
    timezone="UTC",
)
app.autodiscover_tasks(["ajo", "profiles", "audiences", "channels_app", "journeys"])

app.conf.beat_schedule = heartbeat.beat_schedule() | {
    "sweep": {"task": "ajo.tasks.sweep", "schedule": 1.0, "options": {"expires": 5}},
    "finish-over": {"task": "journeys.tasks.finish_over", "schedule": 30.0, "options": {"expires": 30}},
    "sum-tallies": {"task": "journeys.tasks.sum_tallies", "schedule": 30.0, "options": {"expires": 30}},
    "release-dead-senders": {
        "task": "channels_app.tasks.release_dead",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "tend-partitions": {"task": "ajo.tasks.tend_partitions", "schedule": 6 * 3600.0},
}
