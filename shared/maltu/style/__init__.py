"""How alike does a model write? Turns and replies become a report; no language model is asked.

Needs the extra ``style`` (scikit-learn, scipy, sacrebleu), which one function alone imports, from a layer of
its own.
"""

from maltu.style.assess import assess
from maltu.style.dataset import Material, Side, read_dataset
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
    "assess",
    "read_dataset",
    "read_replies",
    "render_page",
]
