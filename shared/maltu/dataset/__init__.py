"""Messages become turns, conversations, examples and the files a fine-tune is made from."""

from maltu.dataset.build import Masking, Room, build_dataset
from maltu.dataset.examples import Example
from maltu.dataset.prompts import default_system_prompt, dialogue_labels, render_completion, render_prompt
from maltu.dataset.ranks import Encoding
from maltu.dataset.summary import DatasetSummary
from maltu.dataset.tokenizer import RanksMissing, open_tokenizer
from maltu.dataset.turns import Turn, conversations_of, turns_of

__all__ = [
    "DatasetSummary",
    "Encoding",
    "Example",
    "Masking",
    "RanksMissing",
    "Room",
    "Turn",
    "build_dataset",
    "conversations_of",
    "default_system_prompt",
    "dialogue_labels",
    "open_tokenizer",
    "render_completion",
    "render_prompt",
    "turns_of",
]
