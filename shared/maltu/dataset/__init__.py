"""Messages become turns, conversations, examples and the files a fine-tune is made from."""

from maltu.dataset.build import Masking, Room, build_dataset
from maltu.dataset.conversations import conversations_of
from maltu.dataset.examples import Example
from maltu.dataset.merging import merge_exports
from maltu.dataset.ranks import Encoding
from maltu.dataset.rooms import (
    Inspected,
    RoomPlan,
    inspect,
    open_rooms,
    plan_rooms,
    real_name,
    speakers_of,
    warnings_about,
)
from maltu.dataset.said import Listener
from maltu.dataset.summary import DatasetSummary
from maltu.dataset.tokenizer import RanksMissing, open_tokenizer
from maltu.dataset.turns import Turn, Turns
from maltu.prompts import default_system_prompt, dialogue_labels, render_completion, render_prompt

__all__ = [
    "DatasetSummary",
    "Encoding",
    "Example",
    "Inspected",
    "Listener",
    "Masking",
    "RanksMissing",
    "Room",
    "RoomPlan",
    "Turn",
    "Turns",
    "build_dataset",
    "conversations_of",
    "default_system_prompt",
    "dialogue_labels",
    "inspect",
    "merge_exports",
    "open_rooms",
    "open_tokenizer",
    "plan_rooms",
    "real_name",
    "render_completion",
    "render_prompt",
    "speakers_of",
    "warnings_about",
]
