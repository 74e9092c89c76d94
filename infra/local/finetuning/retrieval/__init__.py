"""The default engine: it answers with turns that the persona wrote.

It does not generate language. It learns which of the persona's own turns fits a conversation: an index finds
turns whose context is alike, and a small model, fitted to the dataset, ranks them (``ranking.py``). It learns
from the uploaded dataset alone, trains in seconds, and needs numpy and nothing else.
"""
