"""A messenger's export file becomes a stream of messages."""
