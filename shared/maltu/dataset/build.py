"""An export's messages become the files that a fine-tune is made from."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from maltu.dataset.examples import split_longest
from maltu.dataset.files import MIN_EXAMPLES, ExampleFile
from maltu.dataset.formats import Layout, layout_of
from maltu.dataset.tally import Tally
from maltu.dataset.turns import conversations_of, turns_of
from maltu.errors import TooFewExamples
from maltu.exports import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from maltu.dataset.examples import Example
    from maltu.dataset.summary import DatasetSummary
    from maltu.exports import Message
    from maltu.settings import PersonaSettings


def build_dataset(  # noqa: PLR0913 - what a dataset depends on
    messages: Iterable[Message],
    *,
    speaker: str,
    named: bool,
    settings: PersonaSettings,
    count_tokens: Callable[[str], int],
    directory: Path,
) -> DatasetSummary:
    """Write ``train.jsonl``, and ``validation.jsonl`` where there is enough for one, in one pass.

    The examples stand in the order of time, and the newest conversations are the validation. Memory does not
    grow with the export.

    Args:
        messages: one room's, in the order of the export; of a ``Reading`` the skipped rows are reported too.
        speaker: the persona's name as it stands in the export.
        named: whether more than two people write, so that the user's side needs names.
        settings: recipe, format and the rest of the owner's choices.
        count_tokens: as ``open_tokenizer`` gives it.
        directory: exists; is empty.

    Raises:
        TooFewExamples: the export gives fewer examples than a fine-tune needs; no file is left.
        UnreadableExport: the messages are read from a file that cannot be read to its end.
    """
    layout = layout_of(settings, speaker=speaker, named=named, count_tokens=count_tokens)
    silence = timedelta(minutes=settings.silence_minutes)
    tally = Tally(layout)
    turns = turns_of(messages, speaker=speaker, silence=silence, named=named, left_out=tally.left_out)
    train = directory / "train.jsonl"
    with train.open("wb") as file:
        examples = _write(map(tally.examples_of, conversations_of(turns, silence=silence)), layout, file)
        if examples.count < MIN_EXAMPLES:
            train.unlink()
            raise _too_few(examples.count, speaker)
        parts = examples.split(settings.validation_share, train, directory / "validation.jsonl")
    skipped = Counter(messages.skipped) if isinstance(messages, Reading) else Counter[str]()
    return tally.summary(examples, parts, speaker=speaker, skipped=skipped)


def _write(conversations: Iterable[list[Example]], layout: Layout, file: BinaryIO) -> ExampleFile:
    examples = ExampleFile(file, limit=layout.max_tokens)
    first: list[list[Example]] = []
    for made in conversations:
        examples.write(_lines(made, layout))
        if made and examples.count < MIN_EXAMPLES:
            first.append(made)
    if examples.count >= MIN_EXAMPLES or layout.recipe == "pair":
        return examples
    # A short export: shorter dialogues teach less of a conversation's flow, but more than no fine-tune does.
    split_longest(first, least=MIN_EXAMPLES)
    file.seek(0)
    file.truncate()
    examples = ExampleFile(file, limit=layout.max_tokens)
    for made in first:
        examples.write(_lines(made, layout))
    return examples


def _lines(examples: Iterable[Example], layout: Layout) -> Iterator[tuple[str, int]]:
    return chain.from_iterable(map(layout.lines, examples))


def _too_few(count: int, speaker: str) -> TooFewExamples:
    return TooFewExamples(
        f"The export gives {count} {'example' if count == 1 else 'examples'} of {speaker} answering, and a "
        f"fine-tune needs {MIN_EXAMPLES}. Export a longer part of the chat, or another room."
    )
