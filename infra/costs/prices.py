"""AWS's prices of one day and one region, from ``prices.toml``."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

# How much of what has a price, by the price's name.
Uses = Counter[str]

_FILE: Final = Path(__file__).parent / "prices.toml"
_PER: Final = {"one": 1, "month": 1, "10,000": 10_000, "million": 1_000_000}


@dataclass(frozen=True, slots=True)
class Price:
    """What one thing costs.

    Attributes:
        what: its name, in words.
        usd: US dollars for ``per`` of it.
        per: how much that is: ``one``, ``month``, ``10,000`` or ``million``.
        free: how much every account has each month without paying, for good.
        seen: where the figure was read: ``aws``, ``others`` or ``memory``.
    """

    what: str
    usd: float
    per: str
    free: float
    seen: str

    def of(self, amount: float, *, allowance: bool) -> float:
        """US dollars for so much of it, after what is free if ``allowance``."""
        paid = max(0.0, amount - self.free) if allowance else amount
        return paid * self.usd / _PER[self.per]


@dataclass(frozen=True, slots=True)
class PriceList:
    """All prices, and the day and the region that they are of."""

    as_of: date
    region: str
    prices: Mapping[str, Price]

    def usd(self, uses: Uses, *, allowance: bool = False) -> float:
        """US dollars for all of it, after what is free if ``allowance``."""
        return sum(self.prices[name].of(amount, allowance=allowance) for name, amount in uses.items())


@cache
def price_list() -> PriceList:
    """Read the list that stands beside this module."""
    read = tomllib.loads(_FILE.read_text("utf-8"))
    prices = {
        name: Price(row["what"], row["usd"], row["per"], row.get("free", 0), row["seen"])
        for name, row in read["prices"].items()
    }
    return PriceList(read["as_of"], read["region"], prices)


def times(uses: Uses, factor: float) -> Uses:
    """So many times as much of everything."""
    return Uses({name: amount * factor for name, amount in uses.items()})  # pyright: ignore[reportArgumentType]  # fractions count
