"""What takes longer than its function may run says so while there is time to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from maltu.errors import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from maltu.masking import Masker

# As much as setting the validation apart and storing gigabytes take.
STORING_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class InTime:
    """A masker that gives up while there is time left to say so: every text passes it.

    Attributes:
        masker: does the work.
        seconds_left: until whoever runs this is stopped.
        bytes_read: of the exports.
    """

    masker: Masker
    seconds_left: Callable[[], float]
    bytes_read: int

    @property
    def counts(self) -> Mapping[Any, int]:
        """Pieces replaced so far, by type."""
        return self.masker.counts

    def mask_all(self, texts: Sequence[str]) -> Sequence[str]:
        """Give the texts with their personal data replaced.

        Raises:
            LimitExceeded: the time that is left is needed to store what there is.
        """
        if self.seconds_left() < STORING_SECONDS:
            raise LimitExceeded(
                f"{self.bytes_read / 1e6:,.0f} MB of exports take longer than the 15 minutes that there are: "
                "remove exports that are old, or export a shorter part of the chat."
            )
        return self.masker.mask_all(texts)
