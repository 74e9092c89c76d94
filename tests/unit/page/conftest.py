"""The page's words."""

from __future__ import annotations

import pytest

from tests.unit.page.modules import run


@pytest.fixture(scope="session")
def words() -> dict[str, dict[str, str]]:
    return run(
        "const [{ko}, {en}] = await Promise.all([import('./words/ko.js'), import('./words/en.js')]);"
        "answer({ko, en})"
    )
