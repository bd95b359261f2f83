"""What this build is."""

from ._core import __version__

cuda = hip = None  # builds for GPUs have their versions here
