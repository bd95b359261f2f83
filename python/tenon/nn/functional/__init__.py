"""tenon.nn.functional: what modules compute, as functions.

    import tenon.nn.functional as F
"""

from .activation import (elu, elu_, gelu, hardtanh, hardtanh_, leaky_relu, leaky_relu_, log_softmax,
                         relu, relu6, relu_, sigmoid, silu, softmax, softmin, softplus, tanh)
from .conv import bilinear, conv1d, conv2d, linear
from .loss import (binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy,
                   huber_loss, kl_div, l1_loss, mse_loss, nll_loss, smooth_l1_loss)
from .norm import (batch_norm, dropout, dropout1d, dropout2d, dropout3d, group_norm, layer_norm,
                   rms_norm)
from .padding import pad
from .pooling import (adaptive_avg_pool1d, adaptive_avg_pool2d, avg_pool1d, avg_pool2d, max_pool1d,
                      max_pool1d_with_indices, max_pool2d, max_pool2d_with_indices)
from .sparse import embedding, one_hot
