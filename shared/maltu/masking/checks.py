"""Check digits and dates that tell an official number from any other."""

from __future__ import annotations

from datetime import date

# Birth numbers carry the century; nobody alive will be born after this year for a while.
LATEST_BIRTH_YEAR = 2039
# Numbers given out since then have random digits, hence no check digit.
RANDOM_SINCE = date(2020, 10, 1)
NINETEENTHS, TWENTIETHS = "1256", "3478"


def passes_luhn(digits: str) -> bool:
    """Whether a card number's check digit is right."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def passes_business_check(digits: str) -> bool:
    """Whether the check digit of a business registration number (10 digits) is right."""
    weighted = sum(
        int(digit) * weight for digit, weight in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=False)
    )
    return (weighted + int(digits[8]) * 5 // 10 + int(digits[9])) % 10 == 0


def passes_resident_check(digits: str) -> bool:
    """Whether the check digit of a resident (or foreigner) registration number (13 digits) is right."""
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    remainder = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11
    offset = 13 if digits[6] in "5678" else 11
    return (offset - remainder) % 10 == int(digits[12])


def date_of(year: int, month: int, day: int) -> date | None:
    """Give the day, or nothing where the calendar has none such."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def birth_of(digits: str, century: str) -> date | None:
    """Read ``YYMMDD``; ``century`` is the number's seventh digit, or anything else where that is hidden."""
    years = [1900] if century in NINETEENTHS else [2000] if century in TWENTIETHS else [1900, 2000]
    if century in "09":
        return None
    for base in years:
        born = date_of(base + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
        if born and born.year <= LATEST_BIRTH_YEAR:
            return born
    return None


def is_birth_date(digits: str) -> bool:
    """Whether ``YYMMDD`` or ``YYYYMMDD`` is a day on which somebody alive may have been born."""
    if len(digits) == len("YYMMDD"):
        return birth_of(digits, "*") is not None
    born = date_of(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if digits[:4] > "1900" else None
    return born is not None and born.year <= LATEST_BIRTH_YEAR
