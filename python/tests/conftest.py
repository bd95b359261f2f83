"""Tests find what their folder shares by its name."""

import pathlib
import sys

sys.path += [str(path) for path in pathlib.Path(__file__).parent.iterdir() if path.is_dir()]
