from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# Models of a few thousand weights only wait where threads share their work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# These run where torch is: make test gives them an environment of their own.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    # peft asks transformers by a name that transformers 6 will not know.
    config.addinivalue_line(
        "filterwarnings", "ignore:.is_gradient_checkpointing. is deprecated:FutureWarning"
    )
