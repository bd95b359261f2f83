"""tenon.nn.functional: what modules compute, as functions.

    import tenon.nn.functional as F
"""

from .activation import (celu, celu_, elu, elu_, gelu, glu, gumbel_softmax, hardshrink, hardsigmoid,
                         hardswish, hardtanh, hardtanh_, leaky_relu, leaky_relu_, log_softmax,
                         logsigmoid, mish, prelu, relu, relu6, relu_, rrelu, rrelu_, selu, selu_,
                         sigmoid, silu, softmax, softmin, softplus, softshrink, softsign, tanh,
                         tanhshrink, threshold, threshold_)
from .attention import multi_head_attention_forward, scaled_dot_product_attention
from .conv import (bilinear, conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d,
                   conv_transpose3d, linear)
from .distance import cosine_similarity, pairwise_distance, pdist
from .loss import (binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy,
                   huber_loss, kl_div, l1_loss, mse_loss, nll_loss, smooth_l1_loss)
from .norm import (alpha_dropout, batch_norm, dropout, dropout1d, dropout2d, dropout3d,
                   feature_alpha_dropout, group_norm, instance_norm, layer_norm,
                   local_response_norm, normalize, rms_norm)
from .padding import pad
from .pooling import (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d,
                      adaptive_max_pool1d, adaptive_max_pool1d_with_indices, adaptive_max_pool2d,
                      adaptive_max_pool2d_with_indices, adaptive_max_pool3d,
                      adaptive_max_pool3d_with_indices, avg_pool1d, avg_pool2d, avg_pool3d, fold,
                      lp_pool1d, lp_pool2d, lp_pool3d, max_pool1d, max_pool1d_with_indices,
                      max_pool2d, max_pool2d_with_indices, max_pool3d, max_pool3d_with_indices,
                      max_unpool1d, max_unpool2d, max_unpool3d, unfold)
from .ranking import (cosine_embedding_loss, ctc_loss, gaussian_nll_loss, hinge_embedding_loss,
                      margin_ranking_loss, multi_margin_loss, multilabel_margin_loss,
                      multilabel_soft_margin_loss, poisson_nll_loss, soft_margin_loss,
                      triplet_margin_loss, triplet_margin_with_distance_loss)
from .sparse import embedding, embedding_bag, one_hot
from .vision import (affine_grid, channel_shuffle, grid_sample, interpolate, pixel_shuffle,
                     pixel_unshuffle, upsample, upsample_bilinear, upsample_nearest)
