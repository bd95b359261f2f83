// Mistakes with the ops behind layers: each names the call, what it expected and what came.

#include <gtest/gtest.h>

#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

TEST(NnMistakes, Activations) {
  const Tensor x = zeros({2, 3});
  EXPECT_MESSAGE(ShapeError, "[prelu] expected a weight of one number", prelu(x, zeros({2})));
  EXPECT_MESSAGE(ShapeError, "[glu] expected an even size along dim 1, got [2, 3]", glu(x, 1));
  EXPECT_MESSAGE(ValueError, "[celu] expected an alpha other than 0", celu(x, 0));
  EXPECT_MESSAGE(ValueError, "[hardshrink] expected lambd of at least 0", hardshrink(x, -1));
  EXPECT_MESSAGE(ValueError, "[rrelu] expected lower <= upper", rrelu(x, 2, 1));
  EXPECT_MESSAGE(ValueError, "[gumbel_softmax] expected tau above 0", gumbel_softmax(x, 0));
}

TEST(NnMistakes, NormsAndDropout) {
  const Tensor x = zeros({2, 3, 1});
  EXPECT_MESSAGE(ValueError, "[instance_norm] expected more than one value", instance_norm(x));
  EXPECT_MESSAGE(ShapeError, "[instance_norm] expected a weight of [3]",
                 instance_norm(zeros({2, 3, 4}), {}, {}, zeros({2})));
  EXPECT_MESSAGE(ValueError, "[local_response_norm] expected a size", local_response_norm(x, 0));
  EXPECT_MESSAGE(ShapeError, "[dropout2d] expected 3 or 4 dims", dropout2d(zeros({2, 3})));
  EXPECT_MESSAGE(ValueError, "[alpha_dropout] expected a probability", alpha_dropout(x, 1.5));
}

TEST(NnMistakes, Attention) {
  const Tensor q = zeros({2, 3, 4});
  EXPECT_MESSAGE(ShapeError, "[scaled_dot_product_attention] expected query [..., L, e]",
                 scaled_dot_product_attention(q, zeros({2, 3, 5}), q));
  EXPECT_MESSAGE(ValueError, "expected no attn_mask where is_causal",
                 scaled_dot_product_attention(q, q, q, zeros({3, 3}), 0, true));
  EXPECT_MESSAGE(ShapeError, "sizes [2, 3, 3] and [2, 2] don't broadcast",
                 scaled_dot_product_attention(q, q, q, zeros({2, 2})));
  EXPECT_MESSAGE(ShapeError, "enable_gqa expects",
                 scaled_dot_product_attention(zeros({3, 3, 4}), q, q, {}, 0, false, {}, true));
}

TEST(NnMistakes, RecurrentNetworks) {
  const Tensor x = zeros({5, 2, 3}), h = zeros({1, 2, 4}), w = zeros({16, 3}), u = zeros({16, 4});
  EXPECT_MESSAGE(ValueError, "[lstm] 1 layers in 1 directions take 4 weights, got 2",
                 lstm(x, h, h, {w, u}));
  EXPECT_MESSAGE(ShapeError, "[lstm] expected w_ih [16, 3] and w_hh [16, 4] for layer 0",
                 lstm(x, h, h, {u, u}, false));
  EXPECT_MESSAGE(ShapeError, "[gru] expected hx of [1, 2, hidden], got [1, 3, 4]",
                 gru(x, zeros({1, 3, 4}), {w, u}, false));
  EXPECT_MESSAGE(ValueError, "[lstm] expected batch_sizes that fall",
                 lstm(zeros({5, 3}), h, h, {w, u}, false, 1, 0, false, false, false, {2, 3}));
  EXPECT_MESSAGE(ShapeError, "[lstm_cell] expected x [n, in]",
                 lstm_cell(zeros({2, 3}), zeros({2, 4}), zeros({2, 4}), u, u));
}

TEST(NnMistakes, Convolutions) {
  const Tensor x = zeros({1, 4, 5, 5});
  EXPECT_MESSAGE(ShapeError, "[conv_transpose2d] expected a weight of [in, out / groups",
                 conv_transpose2d(x, zeros({3, 1, 2, 2})));
  EXPECT_MESSAGE(ValueError, "[conv_transpose2d] expected an output_padding below",
                 conv_transpose2d(x, zeros({4, 1, 2, 2}), {}, {1}, {0}, {1}));
  EXPECT_MESSAGE(ShapeError, "have no result along dim 2",
                 conv_transpose2d(zeros({1, 4, 1, 5}), zeros({4, 1, 2, 2}), {}, {1}, {1}));
  EXPECT_MESSAGE(ShapeError, "[conv3d] a kernel of depth 3",
                 conv3d(zeros({1, 1, 2, 5, 5}), zeros({1, 1, 3, 2, 2})));
  EXPECT_MESSAGE(ShapeError, "[col2im] expected [n, c 4, 9]",
                 col2im(zeros({1, 4, 8}), {4, 4}, {2}));
  EXPECT_MESSAGE(ShapeError, "[max_unpool2d] expected indices of x's sizes",
                 max_unpool2d(x, zeros({1, 4, 5, 4}, kInt64), {10, 10}));
}

TEST(NnMistakes, Images) {
  const Tensor x = zeros({1, 2, 3, 4});
  EXPECT_MESSAGE(ValueError, "[interpolate] expected either size or scale_factor", interpolate(x));
  EXPECT_MESSAGE(ValueError, "got \"linear\" with 2 dims", interpolate(x, {2}, {}, "linear"));
  EXPECT_MESSAGE(ValueError, "align_corners is for", interpolate(x, {2}, {}, "nearest", true));
  EXPECT_MESSAGE(ValueError, "expected sizes of at least 1", interpolate(x, {}, {0.1}));
  EXPECT_MESSAGE(ShapeError, "[pixel_shuffle] expected channels that 2 squared",
                 pixel_shuffle(x, 2));
  EXPECT_MESSAGE(ShapeError, "[grid_sample] expected x", grid_sample(x, zeros({1, 2, 2, 3})));
  EXPECT_MESSAGE(ValueError, "expected padding_mode zeros, border or reflection",
                 grid_sample(x, zeros({1, 2, 2, 2}), "bilinear", "same"));
  EXPECT_MESSAGE(ShapeError, "[affine_grid] expected theta", affine_grid(x, {1, 2, 3, 4}));
  EXPECT_MESSAGE(IndexError, "[weighted_gather] index 7 is out of range",
                 weighted_gather(zeros({1, 2, 5}), zeros({1, 3, 1}), full({1, 3, 1}, 7)));
}

TEST(NnMistakes, LossesAndBags) {
  const Tensor x = zeros({3, 4}), labels = zeros({3}, kInt64);
  EXPECT_MESSAGE(ValueError, "[multi_margin_loss] expected a p of 1 or 2",
                 multi_margin_loss(x, labels, 3));
  EXPECT_MESSAGE(ShapeError, "[multilabel_margin_loss] expected labels of [3, 4]",
                 multilabel_margin_loss(x, labels));
  EXPECT_MESSAGE(ShapeError, "[gaussian_nll_loss] expected a var",
                 gaussian_nll_loss(x, x, zeros({2})));
  EXPECT_MESSAGE(ValueError, "expected reduction", soft_margin_loss(x, x, "average"));
  EXPECT_MESSAGE(ValueError, "[ctc_loss] expected a blank from 0 to 3",
                 ctc_loss(x, labels, full({1}, 3), full({1}, 3), 4));
  EXPECT_MESSAGE(ValueError, "[ctc_loss] expected input_lengths from 0 to 3",
                 ctc_loss(x, labels, full({1}, 9), full({1}, 3)));
  EXPECT_MESSAGE(ValueError, "[embedding_bag] expected mode sum, mean or max",
                 embedding_bag(zeros({2, 2}, kInt64), x, {}, "median"));
  EXPECT_MESSAGE(ValueError, "[embedding_bag] expected offsets that begin with 0",
                 embedding_bag(labels, x, full({1}, 1)));
}

}  // namespace
}  // namespace tenon
