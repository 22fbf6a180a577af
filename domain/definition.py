"""A definition as an aggregate: what challenges and streaks decide alike, milestones and pauses too (RULES 3)."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec.structs import asdict, replace

from domain.commands import AddMilestone, ChangeMilestone, Define, Redefine
from domain.definitions import (
    DefinitionFields,
    Milestone,
    Rules,
    milestone_complaints,
    pauses_after,
    refuse,
    typed,
)
from domain.errors import AlreadyExists, NotFound
from domain.events import Event
from domain.vocabulary import DefinitionStatus

DefinitionCommand = Define | Redefine | AddMilestone | ChangeMilestone
State = TypeVar("State", bound=Any)


class DefinitionKind(NamedTuple, Generic[State]):
    """What is its own with a kind of definition: state, fields, events, checks.

    `identified` is the field of its events that holds the definition's id; `fixed` are fields that never change. One
    without `milestone_added` has neither milestones nor pauses; `repeatable` is said of a milestone for which nobody
    says it.
    """

    noun: str
    identified: str
    state: Callable[..., State]
    fields: type[msgspec.Struct]
    complaints: Callable[[Any], Iterator[tuple[str, str]]]
    defined: type[Event]
    changed: type[Event]
    milestone_added: type[Event] | None = None
    milestone_changed: type[Event] | None = None
    repeatable: bool = False
    fixed: tuple[str, ...] = ()


def decide(
    kind: DefinitionKind[State], definition: State | None, command: DefinitionCommand, now: datetime
) -> Iterator[Event]:
    """Yield what follows from a command on a definition; nothing when nothing would change.

    Raises InvalidInput by field, AlreadyExists, NotFound.
    """
    if isinstance(command, Define):
        if definition is not None:
            raise AlreadyExists(f"{kind.noun} {command.id} is there already")
        fields: Any = typed(kind.fields, command.fields)
        refuse(kind.complaints(fields))
        yield kind.defined(**{kind.identified: command.id}, fields=fields)
        return
    if definition is None:
        missing = command.id if isinstance(command, Redefine) else command.definition_id
        raise NotFound(f"there is no {kind.noun} {missing}")
    if kind.milestone_added is None and isinstance(command, AddMilestone | ChangeMilestone):
        raise NotFound(f"a {kind.noun} has no milestones")
    match command:
        case Redefine():
            yield from _redefine(kind, definition, command, now)
        case AddMilestone():
            yield from _add_milestone(kind, definition, command)
        case ChangeMilestone():
            yield from _change_milestone(kind, definition, command)


def evolve(kind: DefinitionKind[State], definition: State | None, event: Any) -> State | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    if isinstance(event, kind.defined):
        return kind.state(id=getattr(event, kind.identified), version=1, fields=event.fields)  # type: ignore[attr-defined]
    if definition is None:
        return None
    if isinstance(event, kind.changed):
        pauses = {"pauses": event.pauses} if kind.milestone_added else {}  # type: ignore[attr-defined]
        return replace(definition, version=definition.version + 1, fields=event.fields, **pauses)  # type: ignore[attr-defined]
    if isinstance(event, tuple(filter(None, (kind.milestone_added, kind.milestone_changed)))):
        milestone: Milestone = event.milestone  # type: ignore[attr-defined]
        kept = tuple(one for one in definition.milestones if one.id != milestone.id)
        return replace(definition, version=definition.version + 1, milestones=(*kept, milestone))
    return definition


def rules_of(version: int, fields: DefinitionFields, milestones: tuple[Milestone, ...], **own: Any) -> Rules:
    """What a run that starts now is judged by (RULES 3); `own` is what its kind of definition adds."""
    live = (one for one in milestones if one.status is DefinitionStatus.LIVE)
    return Rules(
        definition_version=version,
        method=fields.aggregation_method,
        schedule=fields.schedule,
        late_grace_seconds=fields.late_grace_seconds,
        distinct_by=fields.distinct_by,
        rollback_after_completion=fields.rollback_after_completion,
        milestones=tuple(sorted(live, key=lambda one: one.target_value)),
        **own,
    )


def _redefine(kind: DefinitionKind[State], definition: State, command: Redefine, now: datetime) -> Iterator[Event]:
    before: Any = definition.fields
    fields: Any = typed(kind.fields, {**asdict(before), **command.changes})
    refuse(kind.complaints(fields))
    changed = tuple(name for name in command.changes if getattr(fields, name) != getattr(before, name))
    refuse((name, f"stays {getattr(before, name)}") for name in changed if name in kind.fixed)
    if changed:
        more: dict[str, Any] = {kind.identified: definition.id}
        if kind.milestone_added is not None:
            more["pauses"] = pauses_after(definition.pauses, before.status, fields.status, now)
        yield kind.changed(**more, changed=changed, fields=fields)


def _add_milestone(kind: DefinitionKind[State], definition: State, command: AddMilestone) -> Iterator[Event]:
    if any(one.id == command.id for one in definition.milestones):
        raise AlreadyExists(f"milestone {command.id} is there already")
    milestone = typed(Milestone, {"repeatable": kind.repeatable, **command.fields, "id": command.id})
    refuse(milestone_complaints(milestone, definition.milestones))
    if kind.milestone_added is None:
        raise NotFound(f"a {kind.noun} has no milestones")
    yield kind.milestone_added(**{kind.identified: definition.id}, milestone=milestone)


def _change_milestone(kind: DefinitionKind[State], definition: State, command: ChangeMilestone) -> Iterator[Event]:
    before = next((one for one in definition.milestones if one.id == command.id), None)
    if before is None:
        raise NotFound(f"there is no milestone {command.id}")
    milestone = typed(Milestone, {**asdict(before), **command.changes, "id": command.id})
    refuse(milestone_complaints(milestone, definition.milestones))
    if milestone != before and kind.milestone_changed is not None:
        yield kind.milestone_changed(**{kind.identified: definition.id}, milestone=milestone)
