"""What is wrong with a CSV that cannot be read any further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maltu.errors import UnreadableExport

if TYPE_CHECKING:
    import csv

MAX_FIELD_CHARACTERS = 1024 * 1024


def raise_if_hopeless(error: csv.Error, line: int) -> None:
    """Give up on a file after which no row can be told from a field; ``line`` is where the row starts.

    Raises:
        UnreadableExport: a quote that never closes, or a field too long.
    """
    # csv has one exception for everything; its texts are the same in 3.11 to 3.13 and held by tests.
    if "field limit" in str(error):
        raise UnreadableExport(
            f"The row that starts at line {line} has a field of over {MAX_FIELD_CHARACTERS:,} characters: "
            "a quote may open there that never closes."
        ) from None
    if "end of data" in str(error):
        raise UnreadableExport(
            f"The file ends inside the row that starts at line {line}: a quote opens there and never closes. "
            "It may have been cut off; export the chat again."
        ) from None
