"""The tenon command: `python -m tenon train digits`."""

import os
import sys
from pathlib import Path


def main():
    command = Path(__file__).parent / "bin" / "tenon"
    if not command.exists():
        sys.exit("this package has no tenon command: it was built without it")
    os.execv(command, [str(command), *sys.argv[1:]])


if __name__ == "__main__":
    main()
