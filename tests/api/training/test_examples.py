"""The errors in the document are answers of the running app. WRITE_EXAMPLES=1 writes them anew."""

from typing import Any

import msgspec
import pytest

from api.training.examples import FOLDER
from tests.api.training.conftest import ADA
from tests.kept import assert_example

ERRORS = {
    400: "Two parameters are wrong.",
    401: "There is no credential.",
    403: "The key may do other things.",
    404: "The tenant has no such user.",
    429: "The limit of the key is used up.",
    500: "Something went wrong here.",
    503: "The read tables are not that far yet.",
}


@pytest.fixture
def errors(ask, guest, client_of, make_key, training, reader) -> dict[int, Any]:
    """Everything that can go wrong, once."""
    training.user(ADA)
    limited = client_of(make_key("progress:read", per_minute=1).key)
    ask("assignments", client=limited)
    found = {
        400: ask("assignments", query_string="limit=0&shoeSize=44"),
        401: ask("assignments", client=guest),
        403: ask("assignments", client=client_of(make_key("logs:write").key)),
        404: ask("assignments", "7a6b5c4d-0000-4000-8000-000000000007"),
        429: ask("assignments", client=limited),
        503: ask("assignments", headers={"If-Position": "0:1000000"}),
    }
    reader.write("ALTER TABLE assignment RENAME TO elsewhere", {})
    path = f"/api/public/v1/users/{ADA}/assignments"
    found[500] = client_of(make_key("progress:read").key).get(path, headers={"Request-Id": "3f2a9c41d07be658"})
    assert {status: response.status_code for status, response in found.items()} == {status: status for status in found}
    return found


def test_an_error_in_the_document_is_one_that_is_answered(errors):
    for status, response in errors.items():
        assert response.content_type == "application/json"
        assert_example(FOLDER, f"error_{status}", ERRORS[status], msgspec.json.decode(response.data))
