"""What docs/security.md says is shown is shown."""

from __future__ import annotations

import re

import yaml

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


def test_what_is_audited_is_audited_on_github() -> None:
    (parts,) = re.findall(r"^audit: (.*?) ##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text("utf-8"))
    audit = workflow["jobs"]["audit"]
    assert [f"audit-{part}" for part in audit["strategy"]["matrix"]["part"]] == parts.split()
    assert audit["steps"][-1]["run"] == 'make "audit-$PART"'
    # Every commit, not the last one alone.
    assert audit["steps"][0]["with"]["fetch-depth"] == 0


def test_every_action_is_pinned_to_a_commit_and_no_workflow_has_rights_that_no_job_asks_for() -> None:
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert len(workflows) > 1
    for path in workflows:
        workflow = yaml.safe_load(path.read_text("utf-8"))
        assert workflow["permissions"] == {}, path
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step.get("uses", f"a@{'0' * 40}")), step
