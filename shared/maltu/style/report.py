"""What a style report holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER = "other speaker"
BASE = "base model"
PERSONA = "persona, held out"
NAMES = frozenset((OTHER, BASE, PERSONA))

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of one set of replies.

    Attributes:
        value: what was measured, in the measure's own unit.
        floor: what counts as 0, and ``ceiling`` as 1.
        floor_is: whose the floor is.
        scaled: where the value stands between them, -1 at the least and 1 at the most; ``None`` where the
            floor cannot be told from the ceiling.
        low: where its 95 % interval begins; ``None`` with ``scaled``, as ``high`` is, where it ends.
    """

    value: float
    floor: float
    ceiling: float
    floor_is: str
    scaled: float | None
    low: float | None
    high: float | None

    def as_json(self) -> dict[str, Any]:
        """Give the fields by their names."""
        numbers = {
            name: _rounded(getattr(self, name))
            for name in ("value", "floor", "ceiling", "scaled", "low", "high")
        }
        return {**numbers, "floor_is": self.floor_is}


@dataclass(frozen=True, slots=True)
class Standing:
    """One set of replies.

    Attributes:
        overall: from 0, as the other speaker, to 1, as the persona.
        low: where its 95 % interval begins; ``high`` likewise where it ends.
        likeness: the same, unbounded below 0, down to -1: who is further off than the other speaker.
        copy_rate: the part of the long replies that is copied from the training data.
        repetition: the factor by which repeating itself lowers ``overall``; 1 lowers nothing.
        scores: by measure.
    """

    overall: float
    low: float
    high: float
    likeness: float
    copy_rate: float
    repetition: float
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher the first version's ``overall`` is than the second's, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bins:
    """One marker's distribution: the bins' names, and each set's share of them, by the set's name."""

    names: tuple[str, ...]
    shares: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One prompt, the persona's real answer, and each set's reply by the set's name. Chat text."""

    prompt: str
    real: str
    replies: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StyleReport:
    """How alike models write.

    Attributes:
        speaker: the persona.
        auc: of the classifier between the speakers; ``None`` where there is too little to train one.
        void_because: why no score means anything; empty where they do.
        warnings: sentences for the owner.
        blocks: how many blocks of each set were compared.
        standings: of each version's replies, by label, in the order given.
        beside: of the other speaker, and of the base model where its replies are given.
        difference: of the first two versions; ``None`` where there is one.
        distributions: by marker.
        samples: side by side.
    """

    speaker: str
    auc: float | None
    void_because: tuple[str, ...]
    warnings: tuple[str, ...]
    blocks: int
    standings: Mapping[str, Standing]
    beside: Mapping[str, Standing]
    difference: Difference | None
    distributions: Mapping[str, Bins]
    samples: tuple[Sample, ...]

    @property
    def void(self) -> bool:
        """Whether no score means anything."""
        return bool(self.void_because)

    def as_json(self) -> dict[str, Any]:
        """Give the numbers of the first version, with the second's under ``compare``; no chat text."""
        versions = [
            {"label": label, **self._standing(standing)} for label, standing in self.standings.items()
        ]
        first, *others = versions or [{"label": None, **self._standing(None)}]
        report = {
            "void": self.void,
            "void_because": list(self.void_because),
            "warnings": list(self.warnings),
            "speaker": self.speaker,
            "auc": _rounded(self.auc),
            "blocks": self.blocks,
            **first,
            "beside": {name: _rounded(standing.likeness) for name, standing in self.beside.items()},
        }
        if self.difference and others:
            difference = self.difference
            report["compare"] = {
                **others[0],
                "difference": {
                    name: None if self.void else _rounded(getattr(difference, name))
                    for name in ("value", "low", "high")
                },
            }
        return report

    def as_shown(self) -> dict[str, Any]:
        """Give what a page shows as well: ``distributions``, and ``samples``, which are chat text."""
        return {
            **self.as_json(),
            "distributions": {
                marker: {
                    "names": list(bins.names),
                    "shares": {name: [_rounded(share) for share in of] for name, of in bins.shares.items()},
                }
                for marker, bins in self.distributions.items()
            },
            "samples": [
                {"prompt": sample.prompt, "real": sample.real, "replies": dict(sample.replies)}
                for sample in self.samples
            ],
        }

    def _standing(self, standing: Standing | None) -> dict[str, Any]:
        shown = None if self.void else standing
        return {
            "overall": _rounded(shown.overall) if shown else None,
            "low": _rounded(shown.low) if shown else None,
            "high": _rounded(shown.high) if shown else None,
            "likeness": _rounded(shown.likeness) if shown else None,
            "copy_rate": _rounded(standing.copy_rate) if standing else None,
            "repetition": _rounded(standing.repetition) if standing else None,
            "scores": {name: score.as_json() for name, score in standing.scores.items()} if standing else {},
        }


def _rounded(number: float | None) -> float | None:
    # Adding 0 makes a rounded -0.0 a 0.0.
    return None if number is None else round(number, _DIGITS) + 0.0
