"""The engine ``lora``: a causal language model, tuned with low-rank adapters, that writes what it says.

transformers and peft do the work, on the CPU, CUDA or an Apple GPU. Training runs in a process of its own
(``worker.py``, started by ``process.py``); the server holds the base model once and switches adapters from
one request to the next (``adapters.py``). Only what runs there imports torch: ``engine.py``, ``job.py``,
``process.py`` and ``batches.py`` do not.
"""
