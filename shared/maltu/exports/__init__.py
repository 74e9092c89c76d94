"""A messenger's export becomes messages.

``read_export`` finds the reader that understands a file and streams its messages, ``Exports`` does that for
files that may hold several, ``survey`` counts them, ``choose_speaker`` decides whose manner of speaking is
learned.
"""

from maltu.exports.contents import Export, Exports
from maltu.exports.message import Kind, Message
from maltu.exports.reading import Reading, read_export
from maltu.exports.speakers import choose_speaker
from maltu.exports.survey import Survey, survey

__all__ = [
    "Export",
    "Exports",
    "Kind",
    "Message",
    "Reading",
    "Survey",
    "choose_speaker",
    "read_export",
    "survey",
]
