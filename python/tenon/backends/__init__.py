"""Settings of libraries that run PyTorch's ops, for code that sets them: they are kept and can be
read, and change nothing here."""

from . import cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
