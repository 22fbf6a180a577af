"""Circumstances: what makes a request that a document allows one that the app can take, and no document can say."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from schemathesis import Case

from api.documents import PARAMETERS
from api.paging import encoded
from domain.commands import AddMilestone, Define, KeepUser
from domain.definitions import ZONES
from domain.vocabulary import Slug
from tests.api.conftest import NOW
from tests.api.given import (
    ADA,
    BOB,
    DAILY_SPEND,
    MONTHLY_WORKOUTS,
    RULES,
    SPEND,
    STREAKS,
    VISITS,
    WEEKLY_VISITS,
    Given,
)
from tests.given_training import Training

MILESTONE = UUID(int=0x100)
ADAS_EXTERNAL_ID = f"user-{ADA[-1]}"
HELD, POSITIONS = "0:0", re.compile(PARAMETERS["IfPosition"]["schema"]["pattern"], re.ASCII)
TIMES = ("activityAt", "startsAt", "endsAt", "rewardExpiryAt", "deadline")
MOMENTS = {"asOf", "knownAt"}
LONG_BEFORE, TODAY, LONG_AFTER = "0002-01-01T00:00:00Z", "2026-04-03T10:15:00Z", "9000-01-01T00:00:00Z"
AFTER_ALL = "9001-01-01T00:00:00Z"
TOPIC, SCENARIO, MODULE, TEAM, ASSIGNMENT = (
    "sql-injection",
    "jwt-tampering",
    "databases",
    UUID(int=0x7ED),
    UUID(int=0xA55),
)
# What entries are sent to, which comes first: they need no value there.
GOOD: dict[str, dict[str, Any]] = {
    "challenge": {"challengeId": str(VISITS)},
    "streak": {"streakId": str(WEEKLY_VISITS)},
    "practice": {"topicId": TOPIC, "challengeIndex": 0, "phase": 1, "score": 50, "language": "go"},
    "learn": {"scenarioId": SCENARIO},
}
GOOD_LINES = {
    slug: json.dumps({**said, "ownedById": BOB, "activityAt": TODAY, "uniqueIdentifier": "a visit"})
    for slug, said in GOOD.items()
}
LOGS = {f"create{slug.title()}Log": slug for slug in GOOD}
FOR_ALL = {"contentArea": "practice", "targetType": "topic", "targetId": TOPIC, "assigneeType": "org"}
NEW = {"challenge": RULES[SPEND], "streak": STREAKS[MONTHLY_WORKOUTS]}
STORED = {
    "changeChallenge": {"aggregationMethod": "sum", "aggregationPeriod": "monthly"},
    "changeStreak": {"aggregationMethod": "count", "aggregationPeriod": "monthly", "completionTargetValue": 3},
}


class Circumstances:
    """What is there: challenges, streaks, users, entries and what came of them. Requests are bent until they mean it.

    Only parts that are good by the document are bent: what schemathesis made wrong stays wrong.
    """

    def __init__(self, given: Given) -> None:
        self._given = given.define(SPEND, VISITS, DAILY_SPEND, WEEKLY_VISITS, MONTHLY_WORKOUTS)
        given.user(ADA, first_name="Ada").user(BOB, first_name="Bob")
        fields = {"name": "The first hundred", "target_value": 100, "reward_item_id": "coffee"}
        milestone = AddMilestone(id=MILESTONE, slug=Slug.CHALLENGE, definition_id=SPEND, fields=fields)
        given.log.define(given.tenant, SPEND, milestone, now=NOW)
        logged, in_streak = given.entry(SPEND, ADA, "187.50"), given.entry(DAILY_SPEND, ADA, "42.50")
        assert logged.run
        assert in_streak.run
        training = Training(given.log, given.clock, given.tenant)
        training.item(MODULE, "module").topic(TOPIC, 10_000, MODULE).scenario(SCENARIO, 3)
        fields = {"name": "red"}
        given.log.define(given.tenant, TEAM, Define(id=TEAM, slug=Slug.TEAM, fields=fields), now=NOW)
        training.assign("topic", TOPIC, identifier=ASSIGNMENT)
        practised, learned = training.phase(ADA, TOPIC, 0, 1), training.learn(ADA, SCENARIO, 2)
        # All are Ada's, and what is hers is in one slice.
        self.position, self.progress_id = str(learned.position), logged.run.id
        self.streak_progress_id = in_streak.run.id
        self._records: Mapping[str, UUID | str] = {
            "catalogue": TOPIC,
            "team": TEAM,
            "assignment": ASSIGNMENT,
            "practice_log": practised.id,
            "learn_log": learned.id,
            "challenge": SPEND,
            "streak": DAILY_SPEND,
            "milestone": MILESTONE,
            "account_user": UUID(ADA),
            "challenge_log": logged.id,
            "challenge_progress": self.progress_id,
            "streak_log": in_streak.id,
            "streak_progress": self.streak_progress_id,
            "reward_log": logged.reached[0].reward_id,
        }

    def bend(self, case: Case) -> None:
        """Let the good parts of a request mean what is there."""
        wrong = {location.value for location, part in case.meta.components.items() if part.mode.is_negative}
        position = case.headers.get("If-Position")
        if position is not None and ("header" not in wrong or POSITIONS.fullmatch(str(position))):
            # How far the log is.
            case.headers["If-Position"] = HELD
        if "query" not in wrong:
            case.query = _query(of_the_past(case.query, MOMENTS))
            if not MOMENTS.isdisjoint(case.query) and "id" not in case.path_parameters:
                case.query = {"ownedById": ADA, **case.query}
        if "path" not in wrong and "id" in case.path_parameters:
            case.path_parameters = {**case.path_parameters, "id": self._id(case)}
        if "body" not in wrong:
            case.body = self._body(case.operation.definition.raw["operationId"], case.body)

    def _id(self, case: Case) -> str:
        """The id of a record that is there; every second one that is drawn at random stays."""
        drawn, phase = case.path_parameters["id"], case.meta.phase.name
        if phase == "fuzzing" and ord(drawn[-1]) % 2:
            return drawn
        kind = case.path.split("/")[2]
        if case.method == "DELETE":
            return self._new_user()
        if case.method == "PATCH" and kind in NEW:
            # A change must fit to what the definition says already.
            return self._new_definition(kind)
        return str(self._records[kind])

    def _body(self, operation: str, body: Any) -> Any:
        if isinstance(body, dict):
            body = {name: _in_utc(value) if name in TIMES else value for name, value in body.items()}
        if operation in LOGS:
            return _entry(body, LOGS[operation])
        if operation.removesuffix("s") in LOGS:
            slug = LOGS[operation.removesuffix("s")]
            return [_entry(one, slug) for one in body] if isinstance(body, list) else f"{body}\n{GOOD_LINES[slug]}"
        match operation:
            case "createCatalogueItem":
                return _item({**body, "id": uuid4().hex})
            case "changeCatalogueItem":
                return {name: found for name, found in _item({**body, "kind": "topic"}).items() if name in body}
            case "createAssignment":
                assignee = {"user": ADA, "team": str(TEAM), "org": None}[body["assigneeType"]]
                return {**body, **FOR_ALL, "assigneeType": body["assigneeType"], "assigneeId": assignee}
            case "createChallenge" | "createStreak" | "changeChallenge" | "changeStreak":
                return _fitting(body, STORED.get(operation, {}))
            case "createMilestone":
                # No two milestones of a definition have the same target.
                return {**body, "linkedSchemaRecordId": self._new_definition(body["linkedSchemaSlug"])}
            case "changeUser" if "externalId" in body:
                # What a user is called elsewhere stays for ever.
                return {**body, "externalId": ADAS_EXTERNAL_ID}
        return body

    def _new_user(self) -> str:
        identifier = str(uuid4())
        self._given.log.keep_user(self._given.tenant, KeepUser(id=identifier), now=NOW)
        return identifier

    def _new_definition(self, slug: str) -> str:
        identifier = uuid4()
        fields = {"status": "live", "aggregation_period": "monthly", **NEW[slug]}
        command = Define(id=identifier, slug=Slug(slug), fields=fields)
        self._given.log.define(self._given.tenant, identifier, command, now=NOW)
        return str(identifier)


def of_the_past(query: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """A moment that is asked about has been."""
    return {**query, **{name: min(_in_utc(query[name]), TODAY) for name in names if isinstance(query.get(name), str)}}


def _query(query: dict[str, Any]) -> dict[str, Any]:
    """A cursor is one of this list and this `sortBy`, and there is no offset beside it."""
    if "cursor" not in query:
        return query
    sort = query.get("sortBy", "-createdAt")
    value: Any = 1 if "Value" in sort else NOW
    kept = {name: found for name, found in query.items() if name != "offset"}
    return {**kept, "cursor": encoded(sort, value, UUID(int=0))}


def _item(body: dict[str, Any]) -> dict[str, Any]:
    """The fields of an item of the catalogue, less those that its kind does not have."""
    kind = body["kind"]
    needed = {
        "topic": {"totalChallenges": 10_000},
        "scenario": {"totalSteps": 3},
        "custom-course": {"contentArea": "learn"},
    }.get(kind, {})
    others = {"totalChallenges", "totalSteps", "contentArea", "items", "parentId"} - needed.keys()
    return {**needed, **{name: value for name, value in body.items() if name not in others}}


def _entry(body: Any, slug: str) -> Any:
    """An entry of somebody new on a definition that is there, and not in the future."""
    name, there = next(iter(GOOD[slug].items()))
    if not isinstance(body, dict) or name not in body:
        return body
    owner = {"ownedById": str(uuid5(NAMESPACE_URL, json.dumps(body, sort_keys=True)))} if "ownedById" in body else {}
    at = body.get("activityAt")
    at = min(_in_utc(at), TODAY) if isinstance(at, str) else at
    return {**body, **owner, name: there, "activityAt": at}


def _in_utc(time: Any) -> Any:
    """A time that is in the years 1 to 9999 of UTC, too."""
    return max(LONG_BEFORE, min(time, LONG_AFTER)) if isinstance(time, str) else time


def _fitting(body: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """The fields of a definition, which are good one by one, so that they fit together."""
    told, more = {**stored, **body}, {}
    period = told["aggregationPeriod"]
    if told["aggregationMethod"] == "distinct" and not told.get("distinctBy"):
        more["distinctBy"] = "shop"
    if period == "once" and not told.get("startsAt"):
        more["startsAt"] = TODAY
    if told.get("endsAt") or period == "once":
        more["endsAt"] = AFTER_ALL
    if period == "once" and told.get("completionTargetValue"):
        # A single window: whatever a challenge has to gather there, a streak has just the one.
        more["completionTargetValue"] = 1
    if period == "rolling" and "resetTime" in told:
        more["resetTime"] = "00:00"
    if period != "rolling" and "rollingSeconds" in told:
        more["rollingSeconds"] = None
    if told.get("timezone", "UTC") not in ZONES:
        more["timezone"] = "Europe/Vienna"
    return {**body, **more}
