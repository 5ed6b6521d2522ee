"""Make the demo sandbox on the first run. The last line of its output is JSON for whoever starts the product."""

import json
import os

from django.core.management.base import BaseCommand

from ajo import demo
from ajo.core import clock
from ajo.core.models import Sandbox


class Command(BaseCommand):
    help = "Make the demo sandbox, its first administrator and the live demo journey, unless they are there."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--smtp-host", default=os.environ.get("EMBEDDED_SMTP_HOST", "127.0.0.1"))
        parser.add_argument(
            "--smtp-port", type=int, default=int(os.environ.get("EMBEDDED_SMTP_PORT", "1025"))
        )

    def handle(self, *args, **options) -> None:
        now = clock.now()
        created, inlet = demo.load(
            password=os.environ.get("AJO_FIRST_PASSWORD") or None,
            smtp_host=options["smtp_host"],
            smtp_port=options["smtp_port"],
            now=now,
        )
        sandbox = Sandbox.objects.get(name="demo")
        event = demo.subscribed(sandbox, "ina@example.com", "demo-1", now.isoformat(timespec="seconds"))
        self.stdout.write(
            json.dumps({"created": created, "user": "admin", "inlet": inlet.key, "event": event})
        )
