"""Long texts that somebody sends over and over: notices, forwards, advertisements."""

from __future__ import annotations

LONG_TEXT = 30
MOST_OFTEN = 3
_REMEMBERED = 16_384


class Repeats:
    """Counts how often each long text came; forgets those that came longest ago.

    One memory serves all rooms, because forwards go to many. Short texts are nobody's forwards: ㅋㅋ said a
    thousand times is the tone.
    """

    def __init__(self) -> None:
        self._times: dict[int, int] = {}

    def too_often(self, text: str) -> bool:
        """Count a text of ``LONG_TEXT`` characters or more; true from the fourth time on."""
        key = hash(text)
        times = self._times.pop(key, 0) + 1
        self._times[key] = times
        if len(self._times) > _REMEMBERED:
            del self._times[next(iter(self._times))]
        return times > MOST_OFTEN
