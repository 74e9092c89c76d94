"""The whole chain on one machine: the deployed template, AWS and the provider on loopback.

``python -m infra.local.demo`` runs it once, ``python -m infra.local.up`` keeps it up. No account, no key and
no container is needed, and nothing that runs here can reach one.
"""
