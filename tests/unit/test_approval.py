from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from maltu.approval import needs_approval
from maltu.settings import PersonaSettings

if TYPE_CHECKING:
    from maltu.settings import Approval


@pytest.mark.parametrize(
    ("estimate", "budget", "approval", "needed"),
    [
        (9.99, 10.0, "above_budget", False),
        (10.0, 10.0, "above_budget", False),
        (10.01, 10.0, "above_budget", True),
        (None, 10.0, "above_budget", True),
        (None, None, "above_budget", False),
        (99.0, None, "above_budget", False),
        (0.0, 10.0, "always", True),
        (None, None, "always", True),
    ],
)
def test_who_is_asked(
    estimate: float | None, budget: float | None, approval: Approval, *, needed: bool
) -> None:
    settings = PersonaSettings(budget_usd=budget, approval=approval)
    assert needs_approval(estimate, settings) is needed
