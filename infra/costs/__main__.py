"""``python -m infra.costs``: write the tables of ``docs/cost.md`` again, from the template and the prices."""

from __future__ import annotations

from infra.costs.page import filled
from infra.template import ROOT, read_template

PAGE = ROOT / "docs" / "cost.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(filled(PAGE.read_text("utf-8"), read_template()), encoding="utf-8")


if __name__ == "__main__":
    main()
