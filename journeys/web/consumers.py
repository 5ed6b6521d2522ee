"""The live view of a version over a WebSocket: counts as they change, and word of other people's edits."""

import asyncio
import time

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from ajo.core.models import User
from ajo.core.permissions import access_of
from journeys import drafts
from journeys.models import JourneyVersion
from journeys.web.drawing import totals

EVERY_SECONDS = 1.0
# Many people may watch one version: those in this process share one reading per second.
_readings: dict[int, tuple[float, dict]] = {}


class VersionConsumer(AsyncJsonWebsocketConsumer):
    """Sends {"counts": {node: {...}}} with the nodes that changed, and {"revision", "editor", "status"}."""

    channel_layer_alias = "unused"  # it reads the database; a Redis that is away must not end it

    async def connect(self) -> None:
        self.version_id = self.scope["url_route"]["kwargs"]["version_id"]
        self.task = None
        if not await may_see(self.scope.get("user"), self.version_id):
            await self.close(code=4403)
            return
        await self.accept()
        self.task = asyncio.create_task(self.watch())

    async def disconnect(self, code: int) -> None:
        if self.task:
            self.task.cancel()

    async def watch(self) -> None:
        sent: dict = {"counts": {}}
        while True:
            reading = await read(self.version_id)
            if reading is None:
                await self.close(code=4404)
                return
            changed = {k: v for k, v in reading["counts"].items() if sent["counts"].get(k) != v}
            news = {k: reading[k] for k in ("revision", "editor", "status") if sent.get(k) != reading[k]}
            if changed:
                news["counts"] = changed
            if news:
                await self.send_json(news)
            sent = reading
            await asyncio.sleep(EVERY_SECONDS)


@database_sync_to_async
def may_see(user: User | None, version_id: int) -> bool:
    if user is None or not user.is_authenticated or not user.is_active:
        return False
    version = JourneyVersion.objects.select_related("journey__sandbox").filter(pk=version_id).first()
    access = access_of(user, version.journey.sandbox) if version else None
    return access is not None and access.may("journeys.view")


async def read(version_id: int) -> dict | None:
    at, reading = _readings.get(version_id, (0.0, None))
    if reading is None or time.monotonic() - at > EVERY_SECONDS * 0.9:
        reading = await read_fresh(version_id)
        _forget_unwatched()
        if reading is not None:
            _readings[version_id] = (time.monotonic(), reading)
    return reading


@database_sync_to_async
def read_fresh(version_id: int) -> dict | None:
    row = JourneyVersion.objects.filter(pk=version_id).values("status", "revision").first()
    if row is None:
        return None
    is_draft = row["status"] == JourneyVersion.Status.DRAFT
    return {
        "status": row["status"],
        "revision": row["revision"],
        "editor": drafts.last_editor(version_id) if is_draft else "",
        "counts": {} if is_draft else totals(version_id),
    }


def _forget_unwatched() -> None:
    old = time.monotonic() - 60
    for version_id in [v for v, (at, _) in _readings.items() if at < old]:
        del _readings[version_id]
