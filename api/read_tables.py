"""How the read tables and those who fill them are doing, as the api and the command line write it: in one form."""

from datetime import datetime
from typing import Any

from api.exact import exact_moment
from projections.following.poison import Poison
from projections.rebuilding.builds import Build
from projections.status import Process, Status


def projection_record(found: Status, now: datetime, build: Build | None) -> dict[str, Any]:
    """A projection, and the table that is being built beside it."""
    return {
        "name": found.projection,
        "version": found.version,
        "state": found.state(now),
        "position": found.position,
        "head": found.head,
        "lagEvents": found.lag_events,
        "lagSeconds": round(found.lag_seconds(now), 3),
        "rate": found.rate,
        "poisoned": found.poisoned,
        "parked": found.parked,
        "rebuild": None if build is None else _rebuild(build),
    }


def process_record(one: Process) -> dict[str, Any]:
    """A process beside the api."""
    return {
        "process": one.process,
        "id": one.id,
        "beatAt": exact_moment(one.beat_at),
        "silentSeconds": round(one.silent_seconds, 3),
        "leases": one.leases,
        "release": one.release,
        "detail": one.detail,
    }


def poison_record(one: Poison) -> dict[str, Any]:
    """An event that could not be applied."""
    return {
        "projection": one.projection,
        "version": one.version,
        "slice": one.slice,
        "position": one.position,
        "topic": one.topic,
        "originatorId": str(one.originator_id),
        "originatorVersion": one.originator_version,
        "tenant": one.tenant,
        "error": one.error,
        "since": exact_moment(one.since),
        "attempts": one.attempts,
        "parkedAt": exact_moment(one.parked_at),
        "parkedBy": one.parked_by,
        "reason": one.reason,
    }


def _rebuild(build: Build) -> dict[str, Any]:
    return {
        "state": build.state,
        "done": build.done,
        "total": build.total,
        "rate": None if build.rate is None else round(build.rate, 1),
        "etaSeconds": None if build.eta_seconds is None else round(build.eta_seconds, 1),
        "atWork": build.at_work,
        "runner": build.runner,
        "workers": build.workers,
        "startedAt": exact_moment(build.started_at),
    }
