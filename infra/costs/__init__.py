"""What the stack costs at AWS, computed from its template: ``make costs`` writes it into ``docs/cost.md``."""
