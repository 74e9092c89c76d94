"""The template as SAM expands it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from infra.conditions import decided
from tests.support.template import TEMPLATE


def expanded() -> dict[str, Any]:
    """Give the resources that are deployed, with a KakaoTalk bot; other conditions stay undecided."""
    return json.loads(_expanded())


@cache
def _expanded() -> str:
    from infra import expand  # noqa: PLC0415 - few tests need SAM, and it takes long

    return json.dumps(decided(expand.expanded(TEMPLATE), {"HasKakaoBot": True})["Resources"], default=str)
