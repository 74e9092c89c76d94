"""The schemas of the endpoint's OpenAPI document, made from annotations and their docstrings."""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

Json = dict[str, Any]


class Shapes:
    """The schemas of the document; those asked for are filled in by :meth:`resolve`."""

    def __init__(self) -> None:
        self._asked: list[tuple[Json, Any, Any]] = []

    def add(self, shape: Any, mode: str = "serialization") -> Json:  # noqa: ANN401 - any annotation
        """Give the schema of an annotation, still empty."""
        schema: Json = {}
        self._asked.append((schema, mode, TypeAdapter(shape)))
        return schema

    def resolve(self) -> Json:
        """Fill in what was asked for; give the schemas that these refer to, by name."""
        inputs = [(str(at), mode, adapter) for at, (_, mode, adapter) in enumerate(self._asked)]
        found, definitions = TypeAdapter.json_schemas(
            inputs, ref_template="#/components/schemas/{model}", schema_generator=_Untitled
        )
        for at, (schema, mode, _) in enumerate(self._asked):
            schema.update(found[str(at), mode])
        return {name: _described(schema) for name, schema in definitions.get("$defs", {}).items()}


class _Untitled(GenerateJsonSchema):
    """JSON schema without titles that only repeat names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401 - pydantic's core schema
        del schema
        return False


def _described(schema: Json) -> Json:
    """Give a shape's attributes the descriptions that stand in its docstring."""
    text, _, attributes = schema.get("description", "").partition("\n\nAttributes:\n")
    schema = {name: value for name, value in schema.items() if name != "title"} | {"description": plain(text)}
    for name, about in re.findall(r"^ *(\w+): (.+(?:\n {8,}.+)*)", attributes, re.MULTILINE):
        # A reference takes a description beside it since 3.1.
        schema["properties"][name]["description"] = plain(about)
    return schema


def plain(text: str) -> str:
    """Give a docstring's words on one line, as Markdown."""
    return " ".join(text.replace("``", "`").split())
