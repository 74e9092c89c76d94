from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# This runs where torch and the model are: make test-lora sees to both.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    # peft asks transformers by a name that transformers 6 will not know.
    config.addinivalue_line(
        "filterwarnings", "ignore:.is_gradient_checkpointing. is deprecated:FutureWarning"
    )
