"""`python -m tradekit`: the command line where the script is not on PATH.

Knows nothing else.
"""

import sys

from tradekit.cli.main import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
