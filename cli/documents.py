"""Documents that people write: JSON or YAML, with exact numbers."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import yaml

from api.plain_json import plain_json
from cli.failures import Failed
from domain.errors import InvalidInput


class _Loader(yaml.SafeLoader):
    """YAML with the plain values of JSON: 04:00 is a text and not 240, `no` is a text, 0.1 is exact."""


_Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", list("-0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})\Z"), first)
_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Decimal(loader.construct_scalar(node)))


def read_document(name: str) -> dict[str, Any]:
    """The object that the file holds; `-` is stdin. What begins like a JSON object is read as one, else as YAML."""
    raw = click.get_binary_stream("stdin").read() if name == "-" else Path(name).read_bytes()
    try:
        raw = raw.removeprefix(b"\xef\xbb\xbf")
        document = plain_json(raw) if raw.lstrip().startswith(b"{") else yaml.load(raw.decode(), _Loader)
    except InvalidInput as error:
        raise Failed(f"{name}: {' '.join(error.errors.get('body', [error.message]))}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Failed(f"{name}: is neither JSON nor YAML: {error.problem} in line {line}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise Failed(f"{name}: is neither JSON nor YAML: {error}") from error
    if not isinstance(document, dict):
        raise Failed(f"{name}: must hold an object")
    return document
