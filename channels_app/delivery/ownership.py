"""Messages follow their person when two profiles turn out to be one."""

from collections.abc import Sequence

from ajo.core import sql


def follow(merges: Sequence[tuple[int, int]]) -> None:
    for old, survivor in merges:
        for table in ("channels_app_message", "channels_app_messageevent"):
            sql.run(f"UPDATE {table} SET profile_id = %s WHERE profile_id = %s", [survivor, old])
