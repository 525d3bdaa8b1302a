"""The heartbeat: what a watch is doing, and what it could not do."""

from __future__ import annotations

from collections import Counter
from typing import Any

from auditrail import times
from auditrail.watch.engine import Engine

SCHEMA = "auditrail.watch-heartbeat/1"


def status(engine: Engine, wall: int) -> dict[str, Any]:
    """The state of a watch as JSON.

    `behind_bytes`: what is there and was not read. `not_read`: records without an event, by code. `problems`: logs
    that can't be read, and why. `forgotten`: entries that were pushed out of bounded memory, by rule. `faults`: errors
    of a rule's own.
    """
    logs = engine.follower.logs.values()
    unread: Counter[str] = Counter()
    for log in logs:
        unread.update(log.feed.quarantined)
    problems = {log.shown: log.error for log in logs if log.error is not None}
    return {
        "schema": SCHEMA,
        "at": times.iso(wall),
        "log_time": times.iso(engine.now) if engine.now else None,
        "logs": len(logs),
        "records": engine.records,
        "events": engine.events,
        "behind_bytes": engine.behind,
        "not_read": dict(sorted(unread.items())),
        "problems": {**engine.follower.unreadable, **problems},
        "alerts": dict(sorted(engine.alerts.items())),
        "actions": {
            channel.name: {
                "delivered": channel.delivered,
                "failed": channel.failed,
                "dropped": channel.dropped,
                "error": channel.last_error or None,
            }
            for channel in engine.channels.values()
        },
        "forgotten": engine.forgotten,
        "faults": dict(sorted(engine.faults.items())),
    }
