"""What this build is."""

from ._core import __version__

cuda = hip = xpu = git_version = None  # builds for GPUs have their versions here
debug = False
