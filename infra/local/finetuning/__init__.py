"""A fine-tuning server for one machine that speaks OpenAI's wire format, and Bedrock's (``bedrock``).

Files, fine-tuning jobs, models, chat completions and completions, with state on disk, so that any OpenAI
client can train and use a model without an account, a key or a network. What learns is an engine
(``engine.py``); the default one is ``retrieval``.

Run it with ``python -m infra.local.finetuning``, or inside a test with ``serve(create_app(folder))``.
"""

from __future__ import annotations

from infra.local.finetuning.app import create_app
from infra.local.finetuning.serving import serve

__all__ = ["create_app", "serve"]
