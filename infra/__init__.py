"""Everything around the domain: the state machine and what runs the chain on one machine."""
