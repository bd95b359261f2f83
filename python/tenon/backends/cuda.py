"""CUDA, which this build has not."""

import contextlib


class _Matmul:
    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = False
    allow_bf16_reduced_precision_reduction = False


matmul = _Matmul()


def is_built():
    return False


def _constant(value):
    def get():
        return value

    get.__doc__ = f"{value}."
    return get


flash_sdp_enabled = mem_efficient_sdp_enabled = cudnn_sdp_enabled = _constant(False)
math_sdp_enabled = _constant(True)


def enable_flash_sdp(enabled):
    """Attention is computed in one way; so for the three below."""


enable_mem_efficient_sdp = enable_math_sdp = enable_cudnn_sdp = enable_flash_sdp


@contextlib.contextmanager
def sdp_kernel(enable_flash=True, enable_math=True, enable_mem_efficient=True, enable_cudnn=True):
    """Within `with`, attention is computed as always."""
    yield
