"""The OpenAPI documents and the page that shows them."""

import re

import msgspec
import pytest

from api.audit.examples import FOLDER as OF_AUDIT
from api.examples import FOLDER
from api.streaks.examples import FOLDER as OF_STREAKS
from api.training.examples import FOLDER as OF_TRAINING

DOCUMENTS = [f"{prefix}/openapi.json" for prefix in ("/schema", "/v1", "/api/public/v1", "/audit", "/operations")]
METHODS = {"get", "post", "patch", "put", "delete"}


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest, guest) -> dict:
    return guest.get(request.param).json


def operations(document: dict) -> list[tuple[str, str, dict]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def resolved(document: dict, value: dict) -> dict:
    while "$ref" in value:
        found = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        here = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return here + [one for inner in value.values() for one in references(inner)]
    return [one for inner in value for one in references(inner)] if isinstance(value, list) else []


def test_a_document_is_openapi_3_1_with_a_relative_server(document):
    assert document["openapi"] == "3.1.0"
    assert document["servers"][0]["url"] == "/"
    assert document["info"]["description"]


def test_every_reference_leads_somewhere(document):
    for reference in set(references(document)):
        assert resolved(document, {"$ref": reference})


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(document):
    found = operations(document)

    assert len({operation["operationId"] for _, _, operation in found}) == len(found)
    for path, method, operation in found:
        assert operation["summary"].endswith("."), (path, method)
        assert operation["tags"], (path, method)


def test_every_parameter_and_field_says_what_it_is(document):
    for path, method, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert resolved(document, parameter).get("description"), (path, method, parameter)


def test_every_error_is_in_the_form_of_its_dialect(document):
    for path, method, operation in operations(document):
        error = "application/json" if path.startswith(("/v1/", "/api/")) else "application/problem+json"
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                content = resolved(document, response)["content"]
                assert list(content) == [error], (path, method, status)


def test_every_operation_says_who_may_ask(document):
    for path, _, operation in operations(document):
        if path in ("/healthz", "/readyz"):
            assert operation["security"] == []
            continue
        assert [next(iter(one)) for one in operation["security"]][:2] == ["apiKey", "bearerKey"]
        assert operation["responses"].keys() >= {"401", "403", "429", "500", "503"}


def test_a_malformed_id_is_documented_as_400_and_the_id_as_a_uuid(guest):
    document = guest.get(DOCUMENTS[0]).json
    operation = document["paths"]["/schema/challenge_progress/record/{id}"]["get"]

    identifier = next(one for one in operation["parameters"] if one.get("in") == "path")
    assert identifier["schema"] == {"type": "string", "format": "uuid"}
    assert {"400", "404"} <= operation["responses"].keys()


def test_reads_of_progress_document_their_headers(guest):
    document = guest.get(DOCUMENTS[0]).json
    operation = document["paths"]["/schema/challenge_progress/record"]["get"]

    headers = operation["responses"]["200"]["headers"]
    names = {resolved(document, one)["name"] for one in operation["parameters"]}
    assert headers.keys() >= {"Request-Id", "Consistent-Through", "ETag", "Link", "X-RateLimit-Remaining"}
    assert names >= {
        "Request-Id",
        "If-None-Match",
        "If-Position",
        "limit",
        "cursor",
        "fields",
        "challengeId",
        "asOf",
        "knownAt",
    }


def test_the_examples_are_in_the_document(guest):
    document = guest.get(DOCUMENTS[0]).json
    responses = document["paths"]["/schema/challenge_progress/record/{id}"]["get"]["responses"]

    examples = responses["200"]["content"]["application/json"]["examples"]

    assert {one["value"]["currentProgressValue"] for one in examples.values()} == {187.5, 8, 61420, 38000}


def test_every_example_file_is_shown_in_a_document(guest):
    shown = {
        name
        for document in (guest.get(path).json for path in DOCUMENTS)
        for _, _, operation in operations(document)
        for holder in (operation.get("requestBody", {}), *operation["responses"].values())
        for content in resolved(document, holder).get("content", {}).values()
        for name in content.get("examples", {})
    }

    folders = (FOLDER, OF_STREAKS, OF_TRAINING, OF_AUDIT)
    assert {file.stem for folder in folders for file in folder.glob("*.json")} == shown


def test_the_page_offers_every_document_and_nothing_from_elsewhere(guest):
    response = guest.get("/docs")

    assert response.content_type == "text/html; charset=utf-8"
    assert [f"/{value}" for value in re.findall(r'<option value="([^"]+)"', response.text)] == DOCUMENTS
    for address in re.findall(r'(?:src|href)="([^"]+)"', response.text):
        assert not address.startswith(("http:", "https:", "//", "data:"))


def test_the_page_forbids_everything_that_does_not_come_from_here(guest):
    policy = guest.get("/docs").headers["Content-Security-Policy"]

    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["connect-src"] == "'self'"
    assert "http" not in policy


def test_what_the_page_refers_to_is_there(guest):
    for address in re.findall(r'(?:src|href)="(docs/[^"]+)"', guest.get("/docs").text):
        response = guest.get(f"/{address}")
        assert response.status_code == 200
        assert response.data
        again = guest.get(f"/{address}", headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304


def test_the_licences_of_what_the_page_uses_are_beside_it(guest):
    for name in ("swagger-ui.LICENSE.txt", "swagger-ui.NOTICE.txt", "swagger-ui-bundle.js.LICENSE.txt"):
        assert guest.get(f"/docs/static/{name}").status_code == 200


@pytest.mark.parametrize(
    "name", ["page.html", "nothing.js", "..%2F__init__.py", "..%5C__init__.py", "%2Fetc%2Fpasswd.txt"]
)
def test_nothing_but_the_files_of_the_page_is_served(guest, name):
    assert guest.get(f"/docs/static/{name}").status_code == 404


def test_a_document_is_the_same_each_time(guest):
    for path in DOCUMENTS:
        assert guest.get(path).data == guest.get(path).data
        assert msgspec.json.decode(guest.get(path).data)
