"""docs/signing.md: its test vectors are what the server computes and accepts, its example makes the same."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask, Response

from api.access import signing, signing_secrets
from api.access.callers import requires
from api.app import create_app
from tests.api.conftest import BARE, NOW
from tests.api.given import SPEND

PAGE = (Path(__file__).parents[3] / "docs" / "signing.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The block of the page in this language."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return found[0]


VECTORS: list[dict[str, Any]] = msgspec.json.decode(block("json"))
every_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one["name"])


@pytest.fixture(scope="module")
def bare_app() -> Flask:
    """The app, with something at every path of the vectors."""
    app = create_app(BARE)
    app.add_url_rule("/v1/streaks/<path:rest>", view_func=requires("progress:read")(lambda rest: Response(rest)))
    return app


@pytest.fixture
def send(reader, guest, given):
    """Send a vector to the app, to a tenant that has its secret."""
    given.define(SPEND)

    def send(vector: dict[str, Any]) -> int:
        headers, body = vector["headers"], vector["body"].encode()
        tenant, of_body = headers["X-Tenant-Id"], {"content_type": "application/json"} if body else {}
        if not signing_secrets.listed(reader, tenant):
            signing_secrets.create(reader, tenant=tenant, name="a vector", scopes=["progress:read", "logs:write"])
            reader.write("UPDATE signing_secrets SET secret = %(secret)s", {"secret": vector["secret"].encode()})
        return guest.open(vector["target"], method=vector["method"], data=body, headers=headers, **of_body).status_code

    return send


def test_the_vectors_are_of_every_kind():
    assert [one["method"] for one in VECTORS] == ["GET", "POST", "GET"]
    assert "?" in VECTORS[0]["target"]
    assert not VECTORS[1]["body"].isascii()
    assert "%" in VECTORS[2]["target"]
    assert {one["headers"]["X-Timestamp"] for one in VECTORS} == {str(int(NOW.timestamp()))}


@every_vector
def test_the_server_computes_what_the_page_says(vector):
    path = vector["target"].partition("?")[0].encode()

    text = signing.text_to_sign(vector["method"], path, vector["headers"]["X-Timestamp"], vector["body"].encode())

    assert text.decode() == vector["stringToSign"]
    signature = signing.signature(vector["secret"].encode(), text).hex()
    assert f"hmac-sha256={signature}" == vector["headers"]["X-Signature"]


@every_vector
def test_the_app_accepts_what_the_page_says_once(send, vector):
    answers = [send(vector) for _ in range(2)]

    assert answers == [201 if vector["method"] == "POST" else 200, 401]


@every_vector
def test_the_example_in_python_makes_the_headers_of_the_page(vector):
    names: dict[str, Any] = {}
    exec(block("python"), names)

    headers = vector["headers"]
    made = names["signed"](
        vector["secret"],
        headers["X-Tenant-Id"],
        vector["method"],
        vector["target"].partition("?")[0],
        vector["body"].encode(),
        headers["X-Timestamp"],
    )

    assert made == headers
