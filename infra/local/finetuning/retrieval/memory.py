"""What a trained model remembers: the persona's replies, what they answered, and how often they came."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.local.finetuning.retrieval.index import Index, build_index
from infra.local.finetuning.retrieval.ngrams import canonical, terms
from infra.local.finetuning.retrieval.turns import Framing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from infra.local.finetuning.retrieval.index import Floats, Integers
    from infra.local.finetuning.retrieval.turns import Turn

_SMOOTHING = 0.5
_SHORT = 12
_FALLBACKS = 8


@dataclass(frozen=True, slots=True)
class Memory:
    """Turns as numbers: turn ``i`` is answered by ``replies[reply_of[i]]``.

    ``questions`` and ``earlier`` index the turns, ``answers`` indexes the replies. ``priors`` holds the
    logarithm of how likely each reply is, whatever it answers. ``fallbacks`` are the replies to answer with
    when nothing is alike: the likeliest short ones. ``kinds`` groups the replies that say the same.
    """

    framing: Framing
    vocabulary: dict[str, int]
    replies: list[str]
    reply_of: Integers
    counts: Integers
    priors: Floats
    fallbacks: Integers
    kinds: dict[str, list[int]]
    questions: Index
    earlier: Index
    answers: Index

    def numbers(self, text: str) -> tuple[Integers, int]:
        """A text's known terms, and how many more it has."""
        found = [self.vocabulary.get(term) for term in dict.fromkeys(terms(text))]
        known = np.asarray([number for number in found if number is not None], np.int32)
        return known, len(found) - len(known)

    def same_as(self, texts: Iterable[str]) -> set[int]:
        """The replies that say the same as one of the texts."""
        return {number for text in texts for number in self.kinds.get(_kind(text, self.framing), ())}

    def save(self, folder: Path) -> None:
        """Write everything into the folder."""
        text = {
            "framing": self.framing.as_json(),
            "replies": self.replies,
            "vocabulary": list(self.vocabulary),
        }
        (folder / "memory.json").write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")
        np.save(folder / "reply_of.npy", self.reply_of)
        for name in ("questions", "earlier", "answers"):
            getattr(self, name).save(folder, name)

    @staticmethod
    def load(folder: Path) -> Memory:
        """Open what ``save`` wrote."""
        text = json.loads((folder / "memory.json").read_text(encoding="utf-8"))
        reply_of: Integers = np.load(folder / "reply_of.npy")
        replies: list[str] = text["replies"]
        framing = Framing(**text["framing"])
        counts, priors, fallbacks, kinds = _habits(replies, reply_of, framing)
        return Memory(
            framing=framing,
            vocabulary={term: number for number, term in enumerate(text["vocabulary"])},
            replies=replies,
            reply_of=reply_of,
            counts=counts,
            priors=priors,
            fallbacks=fallbacks,
            kinds=kinds,
            questions=Index.load(folder, "questions", len(reply_of)),
            earlier=Index.load(folder, "earlier", len(reply_of)),
            answers=Index.load(folder, "answers", len(replies)),
        )


def remember(turns: Sequence[Turn], framing: Framing, pause: Callable[[], None]) -> Memory:
    """Index the persona's turns; ``pause`` is called often, and may raise to end the work."""
    vocabulary: dict[str, int] = {}

    def index(texts: Iterable[str]) -> Index:
        documents: list[list[int]] = []
        for at, text in enumerate(texts):
            if at % 1000 == 0:
                pause()
            documents.append([vocabulary.setdefault(term, len(vocabulary)) for term in terms(text)])
        pause()
        return build_index(documents, len(vocabulary))

    numbers: dict[str, int] = {}
    reply_of = np.asarray([numbers.setdefault(turn.reply, len(numbers)) for turn in turns], np.int32)
    replies = list(numbers)
    habits = _habits(replies, reply_of, framing)
    indexes = {
        "answers": index(replies),
        "earlier": index(turn.context.earlier for turn in turns),
        "questions": index(turn.context.question for turn in turns),
    }
    whole = {name: _widened(found, len(vocabulary)) for name, found in indexes.items()}
    return Memory(framing, vocabulary, replies, reply_of, *habits, **whole)


def _widened(index: Index, vocabulary: int) -> Index:
    """The index with room for terms that only later indexes saw."""
    missing = vocabulary - len(index.ceilings)
    starts = np.pad(index.starts, (0, missing), mode="edge")
    ceilings = np.pad(index.ceilings, (0, missing), constant_values=index.rarest)
    return Index(starts, index.texts, index.impacts, ceilings, index.size)


def _kind(text: str, framing: Framing) -> str:
    return canonical(framing.plain(text))


def _habits(
    replies: Sequence[str], reply_of: Integers, framing: Framing
) -> tuple[Integers, Floats, Integers, dict[str, list[int]]]:
    """Counts, log priors, fallbacks and kinds.

    A reply's probability is smoothed by that of its kind: replies that differ in case, spacing or the length
    of a laugh are of one kind.
    """
    counts = np.bincount(reply_of, minlength=len(replies)).astype(np.int32)
    names = [_kind(reply, framing) for reply in replies]
    kinds: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        kinds.setdefault(name, []).append(number)
    shared = np.empty(len(replies))
    for members in kinds.values():
        shared[members] = counts[members].mean()
    priors = np.log(((1 - _SMOOTHING) * counts + _SMOOTHING * shared) / max(len(reply_of), 1))
    lengths = np.asarray([len(name) for name in names])
    short = np.flatnonzero(lengths <= max(_SHORT, int(lengths.min()))).tolist()
    likeliest = sorted(
        short, key=lambda number: (-float(priors[number]), len(names[number]), replies[number])
    )
    fallbacks = np.asarray(likeliest[:_FALLBACKS], np.int32)
    return counts, priors.astype(np.float32), fallbacks, kinds
