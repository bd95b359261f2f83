"""What is done with parameters and modules beside computing by them."""

import importlib

from . import clip_grad, convert_parameters, parametrizations, parametrize, prune, rnn
from .clip_grad import (clip_grad_norm, clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_,
                        get_total_norm)
from .convert_parameters import parameters_to_vector, vector_to_parameters
from .fusion import (fuse_conv_bn_eval, fuse_conv_bn_weights, fuse_linear_bn_eval,
                     fuse_linear_bn_weights, skip_init)
from .spectral_norm import remove_spectral_norm, spectral_norm
from .weight_norm import remove_weight_norm, weight_norm


def __getattr__(name):
    if name == "stateless":  # imports tenon.func, which few programs need
        return importlib.import_module(".stateless", __name__)
    raise AttributeError(f"module 'tenon.nn.utils' has no attribute '{name}'")
