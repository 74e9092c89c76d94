"""Numbers as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_LISTED = 10


def counted(count: int, what: str) -> str:
    """Say how many there are, as ``1 row`` or ``1,200 rows``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def listed(counts: Mapping[str, int]) -> str:
    """List counts, the largest first, as ``1,200 text, 3 media``."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    shown = [f"{count:,} {what}" for what, count in ordered[:_MOST_LISTED]]
    if len(ordered) > _MOST_LISTED:
        shown.append(f"{len(ordered) - _MOST_LISTED} more")
    return ", ".join(shown)


def dollars(usd: float | None) -> str:
    """Write a price; small ones with their cents' parts, for a dataset may cost less than a cent."""
    if usd is None:
        return "no known price"
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"
