"""Run the command line: `python -m sepmodels`, or `sepmodels`."""

import sys

from sepmodels.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
