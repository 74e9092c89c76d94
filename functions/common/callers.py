"""Who asks, as the authorizer tells a function."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maltu.naming import normalised, unknown
from maltu.usage import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key was shown.

    Attributes:
        id: the key's id; "nobody" where a route asks for none.
        scopes: what it is for.
        personas: whom it reaches, by their normalised names; None where that is everybody.
        limits: how often it may ask; None where only the stage's throttle says.
    """

    id: str
    scopes: frozenset[str]
    personas: frozenset[str] | None
    limits: Limits | None

    def reaches(self, persona: str) -> bool:
        """Whether the key is for this persona, given by its normalised name."""
        return self.personas is None or persona in self.personas

    def must_reach(self, name: str) -> None:
        """Refuse a persona, or a version of one as ``persona@version``, that the key is not for.

        Raises:
            PersonaNotFound: the same as for a persona that there is not.
        """
        if not self.reaches(normalised(name).partition("@")[0]):
            raise unknown(name)


def read_caller(told: Mapping[str, str]) -> Caller:
    """Whom the authorizer's context tells of; every value there is a string, and none is no caller at all."""
    personas = told.get("personas") or ""
    per_minute, per_month = (told.get(f"requests_per_{period}") or "" for period in ("minute", "month"))
    return Caller(
        id=told.get("principalId") or "nobody",
        scopes=frozenset((told.get("scopes") or "").split()),
        personas=frozenset(json.loads(personas)) if personas else None,
        limits=Limits(int(per_minute), int(per_month)) if per_minute else None,
    )
