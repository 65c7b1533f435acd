"""`python -m yanji.api.cli` is the program `yanji`."""

import sys

from yanji.api.cli.program import main

if __name__ == "__main__":
    sys.exit(main())
