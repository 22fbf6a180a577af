"""Training as it was: asOf and knownAt of what a user practised and learned."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import NOW
from tests.given_training import Training

TOPIC, SCENARIO = "sql-injection", "jwt"
ARRAYS = ("practice-progress", "learn-progress")
EXAMPLES = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

STEPS = st.lists(
    st.tuples(st.sampled_from(["phase 1", "phase 2", "learn"]), st.integers(0, 7), st.integers(-4, 90)),
    min_size=1,
    max_size=12,
)


@EXAMPLES
@given(told=STEPS, orderly=st.booleans(), taken_back=st.lists(st.integers(0, 11), max_size=3))
def test_an_answer_about_a_moment_is_the_answer_that_was_given_then(told, orderly, taken_back, request):
    """`knownAt` whatever happened; `asOf` when everything came in order and nothing was taken back."""
    training, clock, acme, catch_up = map(request.getfixturevalue, ("training", "clock", "acme", "catch_up"))
    clock.moment = max(clock.moment, NOW)
    owner, seen, entries = f"user-{clock.advance(days=1):%j-%f}", {}, []
    training.user(owner)

    def ask(**moments):
        catch_up()
        query = {name: moment.isoformat() for name, moment in moments.items()}
        answers = [acme.get(f"/api/public/v1/users/{owner}/{what}", query_string=query) for what in ARRAYS]
        assert [one.status_code for one in answers] == [200, 200]
        return [one.json for one in answers]

    for number, (kind, value, late) in enumerate(told):
        at = clock.advance(minutes=10) - timedelta(minutes=0 if orderly else late)
        if number in taken_back and entries and not orderly:
            training.void(entries[value % len(entries)])
        elif kind == "learn":
            entries.append(training.learn(owner, SCENARIO, value or None, at=at))
        else:
            entries.append(training.phase(owner, TOPIC, value % 2, int(kind[-1]), value * 5, at=at))
        seen[clock()] = ask()
        clock.advance(minutes=5)

    assert ask(asOf=clock()) == ask(knownAt=clock()) == ask()
    for moment, answer in seen.items():
        assert ask(knownAt=moment) == answer
        if orderly:
            assert ask(asOf=moment) == answer


def test_what_came_late_is_there_from_the_moment_at_which_it_happened(training: Training, clock, acme):
    training.user("eve")
    training.phase("eve", TOPIC, 0, 1, 40)
    training.learn("eve", SCENARIO, 3)
    clock.advance(hours=3)
    training.phase("eve", TOPIC, 0, 2, 30, at=NOW + timedelta(hours=1))
    training.learn("eve", SCENARIO, 7, at=NOW - timedelta(hours=1))
    training.change(TOPIC, total_challenges=1, status="archived")
    training.change(SCENARIO, total_steps=1)
    clock.advance(hours=1)

    def ask(what: str, **hours: int) -> list:
        query = {name: (NOW + timedelta(hours=hour)).isoformat() for name, hour in hours.items()}
        return acme.get(f"/api/public/v1/users/eve/{what}", query_string=query).json

    assert [[one["score"] for one in ask("practice-progress", asOf=hour)] for hour in (0, 1, 3)] == [[], [70], [70]]
    assert ask("practice-progress", asOf=3, knownAt=2) == []
    steps = [[one["currentStep"] for one in ask("learn-progress", asOf=hour)] for hour in (-2, -1, 0)]
    assert steps == [[], [7], [7]]
    assert [one["currentStep"] for one in ask("learn-progress", knownAt=0)] == [3]


DEEDS = ("practise", "learn", "void", "join", "leave", "assign", "deactivate", "grow", "archive", "react")
OFFICE = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 5)), min_size=4, max_size=16)


class Office:
    """What becomes of a catalogue, of teams and of assignments, and what a user does of them."""

    def __init__(self, training: Training, react, owner: str) -> None:
        self.training, self.react, self.owner = training, react, owner
        self.topic, self.scenario = f"topic-{owner}", f"scenario-{owner}"
        training.topic(self.topic, 2, "injection").scenario(self.scenario, 7, "auth")
        self.teams = [training.team("bob"), training.team("bob")]
        self.assignments, self.entries = [training.assign("topic", self.topic, owner)], []

    def step(self, kind: str, number: int) -> None:
        training, team = self.training, self.teams[number % 2]
        match kind:
            case "practise":
                for phase in (1, 2):
                    self.entries.append(training.phase(self.owner, self.topic, number % 2, phase, 40))
            case "learn":
                self.entries.append(training.learn(self.owner, self.scenario, 4 + number))
            case "void" if self.entries:
                training.void(self.entries[number % len(self.entries)])
            case "join" | "leave":
                (training.join if kind == "join" else training.leave)(team, self.owner)
            case "assign":
                target = [("module", "injection"), ("course", "auth"), ("scenario", self.scenario)][number % 3]
                deadline = training.clock() + timedelta(minutes=25)
                self.assignments.append(
                    training.assign(*target, [self.owner, team, None][number // 2], deadline=deadline)
                )
            case "deactivate":
                training.reassign(self.assignments[number % len(self.assignments)], is_active=number > 3)
            case "grow":
                training.change(self.topic, total_challenges=2 + number)
            case "archive":
                training.change(self.scenario, status="archived" if number % 2 else "live")
            case "react":
                self.react()


@EXAMPLES
@given(told=OFFICE)
def test_assignments_of_a_moment_are_those_that_were_answered_then(told, request):
    """RULES 8: listing follows membership, the catalogue and the assignments, each as it was."""
    training, clock, acme, react = map(request.getfixturevalue, ("training", "clock", "acme", "react"))
    owner, seen = f"user-{clock.advance(days=1):%j-%f}", {}
    office = Office(training, react, owner)

    def ask(**moments):
        request.getfixturevalue("catch_up")()
        query = {name: moment.isoformat() for name, moment in moments.items()}
        response = acme.get(f"/api/public/v1/users/{owner}/assignments", query_string=query)
        assert response.status_code == 200, response.text
        return response.json

    for kind, number in told:
        clock.advance(minutes=10)
        office.step(kind, number)
        seen[clock()] = ask()
        clock.advance(minutes=5)

    assert ask(asOf=clock()) == ask(knownAt=clock()) == ask()
    for moment, answer in seen.items():
        assert ask(knownAt=moment) == answer
        if "void" not in dict(told):
            assert ask(asOf=moment) == ask(asOf=moment, knownAt=moment) == answer


def test_what_was_practised_late_completes_an_assignment_when_it_was_done(training, clock, acme, react):
    training.assign("topic", "xss", "eve")
    clock.advance(hours=3)
    training.practise("eve", "xss", 0, 1, at=NOW + timedelta(hours=1))
    react()
    clock.advance(hours=1)
    training.change("xss", total_challenges=4)
    react()

    def ask(**hours: int) -> list:
        query = {name: (NOW + timedelta(hours=hour)).isoformat() for name, hour in hours.items()}
        response = acme.get("/api/public/v1/users/eve/assignments", query_string=query)
        return [(one["completedItems"], one["totalItems"], one["isCompleted"]) for one in response.json]

    assert [ask(asOf=hour) for hour in (-1, 0, 1, 4)] == [[], [(0, 2, False)], [(2, 2, True)], [(2, 4, True)]]
    assert ask(asOf=2, knownAt=2) == ask(knownAt=2) == [(0, 2, False)]
    assert ask(knownAt=3) == [(2, 2, True)]
