"""A browser that posts a file with a signed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping


def post_form(upload: Mapping[str, Any], content: bytes) -> int:
    """Post a file as ``upload`` says; return the status that S3 answers, moto for it."""
    answer = requests.post(
        upload["url"], data=upload["fields"], files={"file": ("chosen by the browser", content)}, timeout=10
    )
    return answer.status_code
