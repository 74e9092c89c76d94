"""How alike does a model write? Turns and replies become a report; no language model is asked.

Only :mod:`maltu.style.assess`, which is imported by itself, needs the extra ``style`` (scikit-learn, scipy,
sacrebleu): one function alone has it, from a layer of its own.
"""

from maltu.style.dataset import Material, Side, read_dataset, read_questions
from maltu.style.examples import Question
from maltu.style.page import render_page
from maltu.style.replies import read_replies
from maltu.style.report import NAMES, Score, Standing, StyleReport
from maltu.style.turns import Turn

__all__ = [
    "NAMES",
    "Material",
    "Question",
    "Score",
    "Side",
    "Standing",
    "StyleReport",
    "Turn",
    "read_dataset",
    "read_questions",
    "read_replies",
    "render_page",
]
