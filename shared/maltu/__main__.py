"""``python -m maltu`` is the ``maltu`` command."""

import sys

from maltu.cli import main

if __name__ == "__main__":
    sys.exit(main())
