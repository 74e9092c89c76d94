"""Personal data in chat messages becomes typed placeholders; everything around it stays to the letter.

``Masker`` is all that a dataset needs. ``detection`` says what is found and in which order; each neighbour
module knows one family of personal data, and the next family is one more module named there.
"""

from maltu.masking.kinds import LABELS, Kind
from maltu.masking.masker import Masker

__all__ = ["LABELS", "Kind", "Masker"]
