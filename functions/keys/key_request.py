"""The body that a key is asked for with."""

from __future__ import annotations

from typing import Annotated

from fields import WHOLE
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from maltu.keys import MAX_PERSONAS, Scope
from maltu.naming import MAX_PERSONA_LENGTH

MAX_NAME = 64
# What the stage lets everybody together make: twenty a second.
MAX_PER_MINUTE = 1_200
MAX_PER_MONTH = 10_000_000


class KeyRequest(BaseModel):
    """``POST /v1/keys``; nothing is ignored, for a misspelt ``personas`` would make a key for all of them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME),
        Field(json_schema_extra={"format": "visible-text"}),
    ]
    scopes: Annotated[list[Scope], Field(json_schema_extra={"minItems": 1})] = ["chat"]
    personas: (
        Annotated[
            list[
                Annotated[
                    str,
                    Field(max_length=4 * MAX_PERSONA_LENGTH, json_schema_extra={"format": "persona-name"}),
                ]
            ],
            Field(max_length=MAX_PERSONAS, json_schema_extra={"minItems": 1}),
        ]
        | None
    ) = None
    requests_per_minute: Annotated[int, Field(ge=1, le=MAX_PER_MINUTE), WHOLE] = 60
    requests_per_month: Annotated[int, Field(ge=1, le=MAX_PER_MONTH), WHOLE] = 20_000
