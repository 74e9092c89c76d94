"""What docs/security.md says is shown is shown."""

from __future__ import annotations

import re

from tests.support.handlers import ROOT
from tests.support.pages import DOCS, PAGES

SECURITY = PAGES[DOCS / "security.md"]


def test_every_threat_names_tests_that_exist() -> None:
    tests = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    rows = [row for table in SECURITY.tables for row in table]
    assert len(rows) > 30
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row[-1])
        assert named, row
        assert set(named) <= tests, row
