"""The running app does what its documents say, whatever schemathesis sends: every operation, every check.

Left out for one reason: a text of lines (NDJSON) is never wrong as a whole, each line is answered alone. So what
schemathesis sends there in place of a text is not sent; lines that are wrong are. `use_after_free` has nothing to look
at (nothing is ever deleted), and a position that the log has not reached is answered with 503 on purpose, after two
seconds: `circumstances` keeps to positions that are reached.
"""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, Response
from schemathesis.config import SchemathesisConfig

from api.app import DIALECTS, create_app
from api.schema.entry_documents import LINES
from api.settings import Settings
from tests.api.contract.conftest import Running

CONFIG = {
    "seed": 1,
    "generation": {"max-examples": 15, "deterministic": True, "database": "none", "no-shrink": True},
}
WALKS = settings(
    max_examples=12,
    stateful_step_count=8,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def document(prefix: str) -> Any:
    """The document of a dialect. Reading it connects to nothing."""
    app = create_app(Settings(database_url="postgresql://nobody@localhost/nothing", log_level="error"))
    config = SchemathesisConfig.from_dict(CONFIG)
    return schemathesis.openapi.from_wsgi(f"{prefix}/openapi.json", app, config=config)


SCHEMA, OPERATIONS = (document(prefix) for prefix, *_ in DIALECTS)


@schemathesis.serializer(LINES)
def text_of_lines(context: Any, value: str) -> dict[str, Any]:
    return {"data": value.encode()}


@SCHEMA.hook
def filter_case(context: Any, case: Case) -> bool:
    return case.media_type != LINES or isinstance(case.body, str)


@SCHEMA.parametrize()
def test_the_schema_dialect_does_what_its_document_says(case: Case, running: Running):
    running.ask(case)


@OPERATIONS.parametrize()
def test_the_operations_do_what_their_document_says(case: Case, running: Running):
    running.ask(case)


def test_what_one_operation_writes_the_others_find(running: Running):
    class Walk(SCHEMA.as_state_machine()):
        """From operation to operation; what is read has to hold what was written before."""

        def setup(self) -> None:
            self.positions: dict[str, int] = {}

        def before_call(self, case: Case) -> None:
            running.circumstances.bend(case)
            if self.positions and case.method == "GET":
                case.headers["If-Position"] = ",".join(f"{one}:{number}" for one, number in self.positions.items())

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return running.options

        def after_call(self, response: Response, case: Case) -> None:
            super().after_call(response, case)
            for position in filter(None, ", ".join(response.headers.get("position", [])).split(", ")):
                one, number = position.split(":")
                self.positions[one] = max(int(number), self.positions.get(one, 0))

        def validate_response(self, response: Response, case: Case, **options: Any) -> None:
            headers = options["headers"]
            case.validate_response(response, headers=headers, transport_kwargs=options, recorder=self.recorder)

    Walk.run(settings=WALKS)


def test_every_operation_that_was_asked_has_answered_with_success_too(running: Running):
    refused = [name for name, statuses in running.answers.items() if not any(200 <= one < 300 for one in statuses)]

    assert refused == []
