"""The documents are OpenAPI 3.1, complete, and their examples are what their schemas say."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import jsonschema_rs
import pytest
import schemathesis

from api.access import keys
from api.app import DIALECTS, create_app
from api.documents import PROBLEM
from api.schema.entry_documents import LINES
from api.settings import Settings
from tests.api.contract.circumstances import GOOD_LINES
from tests.api.contract.conftest import Running

BASE = "urn:document"
OPEN_TO_ALL = {"getHealth", "getReadiness"}
WHOEVER_ASKS, WHAT_IS_SENT = {"401", "403", "429", "500", "503"}, {"400", "413", "415"}


class Operation(NamedTuple):
    """An operation of a document, and the media type in which its dialect refuses."""

    document: dict[str, Any]
    path: str
    method: str
    definition: dict[str, Any]
    refused_in: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[dict[str, Any]]:
        of_path = self.document["paths"][self.path].get("parameters", [])
        found = [resolved(self.document, one) for one in (*of_path, *self.definition.get("parameters", []))]
        # What an operation says of a parameter stands in place of what its path says.
        return list({(one["in"], one["name"]): one for one in found}.values())

    @property
    def responses(self) -> dict[str, dict[str, Any]]:
        return {status: resolved(self.document, one) for status, one in self.definition["responses"].items()}


def served() -> dict[str, dict[str, Any]]:
    app = create_app(Settings(database_url="postgresql://nobody@localhost/nothing", log_level="error"))
    return {prefix: app.test_client().get(f"{prefix}/openapi.json").json for prefix, *_ in DIALECTS}


def resolved(document: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What is meant, when a reference stands for it."""
    if "$ref" not in found:
        return found
    _, *names = found["$ref"].split("/")
    for name in names:
        document = document[name]
    return document


def operations(document: dict[str, Any], refused_in: str = PROBLEM) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, definition in item.items():
            if method != "parameters":
                yield Operation(document, path, method, definition, refused_in)


def validator(document: dict[str, Any], schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """What a schema of the document takes; its references are those of the document."""
    registry = jsonschema_rs.Registry([(BASE, document)], draft=jsonschema_rs.Draft202012)
    absolute = json.loads(json.dumps(schema).replace('"#/', f'"{BASE}#/'))
    return jsonschema_rs.Draft202012Validator(absolute, registry=registry, validate_formats=True)


def contents(operation: Operation) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The bodies that go in and out: what each is, its media type, and how it is documented."""
    for media_type, found in operation.definition.get("requestBody", {}).get("content", {}).items():
        yield "body", media_type, found
    for status, response in operation.responses.items():
        for media_type, found in response.get("content", {}).items():
            yield status, media_type, found


DOCUMENTS = served()
OPERATIONS = [one for dialect in DIALECTS for one in operations(DOCUMENTS[dialect.prefix], dialect.errors.media_type)]
every_document = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


@every_document
def test_a_document_is_openapi_3_1(document: dict[str, Any]):
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document).validate()


@every_document
def test_every_schema_is_a_json_schema(document: dict[str, Any]):
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        validator(document, schema)


@every_document
def test_a_document_holds_nothing_that_it_does_not_use(document: dict[str, Any]):
    text = json.dumps(document)
    named = [f"#/components/{kind}/{name}" for kind, found in document["components"].items() for name in found]

    unused = [name for name in named if f'"{name}"' not in text]

    assert [name for name in unused if "securitySchemes" not in name] == []


@every_document
def test_every_operation_of_a_document_has_a_name_of_its_own(document: dict[str, Any]):
    names = [one.definition["operationId"] for one in operations(document)]

    assert len(set(names)) == len(names)


@every_operation
def test_an_operation_is_described(operation: Operation):
    tags = {one["name"] for one in operation.document["tags"] if one["description"]}

    assert operation.definition["summary"].endswith(".")
    assert set(operation.definition["tags"]) <= tags
    assert [one["name"] for one in operation.parameters if not one.get("description")] == []
    assert [status for status, one in operation.responses.items() if not one["description"]] == []


@every_operation
def test_an_operation_says_who_may_ask(operation: Operation):
    security, known = operation.definition["security"], operation.document["components"]["securitySchemes"]

    if operation.definition["operationId"] in OPEN_TO_ALL:
        assert security == []
    else:
        assert {"apiKey", "bearerKey"} <= {name for one in security for name in one} <= set(known)
        assert set(operation.definition["x-scopes"]) <= set(keys.SCOPES)


@every_operation
def test_an_operation_says_how_it_refuses(operation: Operation):
    expected = set() if operation.definition["operationId"] in OPEN_TO_ALL else set(WHOEVER_ASKS)
    places = {one["in"] for one in operation.parameters}
    if "requestBody" in operation.definition:
        expected |= WHAT_IS_SENT
    if places & {"path", "query"}:
        expected |= {"400"}
    if "path" in places:
        expected |= {"404"}

    assert expected <= set(operation.responses)
    refusals = {status: one for status, one in operation.responses.items() if status >= "400"}
    assert [status for status, one in refusals.items() if set(one["content"]) != {operation.refused_in}] == []
    assert [status for status, one in operation.responses.items() if status == "default"] == []


@every_operation
def test_every_body_has_a_schema_and_what_a_program_reads_has_an_example(operation: Operation):
    for what, media_type, found in contents(operation):
        assert "schema" in found, (what, media_type)
        if media_type in ("application/json", PROBLEM, LINES) and operation.definition["security"]:
            assert found.get("examples"), (what, media_type)


@every_operation
def test_every_example_is_what_its_schema_says(operation: Operation):
    for what, media_type, found in contents(operation):
        for name, example in found.get("examples", {}).items():
            complaints = list(validator(operation.document, found["schema"]).iter_errors(example["value"]))
            assert [one.message for one in complaints] == [], (what, media_type, name)
            assert example["summary"], name


@pytest.mark.parametrize("slug", GOOD_LINES)
def test_every_line_of_an_answer_to_lines_is_what_the_document_says(running: Running, slug: str):
    document, path = DOCUMENTS["/schema"], f"/schema/{slug}_log/records"
    good = GOOD_LINES[slug]
    content = document["paths"][path]["post"]["responses"]["200"]["content"]
    client = running.app.test_client()

    answer = client.post(
        path, data=f"{good}\n{good}\n{{}}\nno JSON\n", content_type=LINES, headers=running.options["headers"]
    )

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["status"] for line in lines] == [201, 200, 400, 400]
    for line in lines:
        validator(document, content[LINES]["schema"]).validate(line)
