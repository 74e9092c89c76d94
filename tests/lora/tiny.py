"""A causal language model of a few thousand weights, made on the spot: for mechanics, not for manners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

if TYPE_CHECKING:
    from pathlib import Path

# Qwen's shape: a system role of its own, and thinking that is turned off by an empty thought.
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is false %}<think></think>{% endif %}{% endif %}"
)
# Gemma 2's: it refuses a system role, and strips what people say.
GEMMA = (
    "{{ bos_token }}{% for message in messages %}{% if message.role == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}<start_of_turn>"
    "{{ 'model' if message.role == 'assistant' else message.role }}\n{{ message.content | trim }}"
    "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
SPECIAL = ("<bos>", "<eos>", "<pad>", "<|im_start|>", "<|im_end|>", "<start_of_turn>", "<end_of_turn>")
WINDOW = 512


def tiny_tokenizer(
    template: str | None = CHATML, *, special: tuple[str, ...] = SPECIAL
) -> PreTrainedTokenizerFast:
    """One token a byte, and some special ones."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytes_only = Tokenizer(models.BPE({letter: at for at, letter in enumerate(alphabet)}, []))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_only.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bytes_only, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>"
    )
    tokenizer.add_special_tokens(
        {"additional_special_tokens": [each for each in special if each not in SPECIAL[:3]]}
    )
    tokenizer.chat_template = template
    return tokenizer


def tiny_model(folder: Path, *, template: str | None = CHATML) -> Path:
    """Write a model that knows nothing, always the same, into a folder."""
    tokenizer = tiny_tokenizer(template)
    token = tokenizer.get_vocab()
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=WINDOW,
        initializer_range=0.3,  # or whatever is learned drowns in a flat distribution
        bos_token_id=token["<bos>"],
        eos_token_id=token["<eos>"],
        pad_token_id=token["<pad>"],
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
