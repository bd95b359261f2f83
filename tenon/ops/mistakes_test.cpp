// A tour of what goes wrong: each mistake is an error of the right type that names the call that
// was made, what it expected and what came.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tenon/core/device.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/index/indexing.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

constexpr int64_t kFar = int64_t{1} << 40, kMost = INT64_MAX, kLeast = INT64_MIN;

/// More elements than any memory holds, of which there is one.
Tensor expanded_far(int64_t size) { return zeros({1}).expand({size}); }

TEST(Mistakes, SizesThatDoNotExist) {
  EXPECT_MESSAGE(ShapeError, "[zeros] a tensor of sizes [1099511627776, 1099511627776] has more",
                 zeros({kFar, kFar}));
  EXPECT_MESSAGE(ShapeError, "[zeros] expected sizes of at least 0, got [-1]", zeros({-1}));
  // Strides of the other dims would overflow.
  EXPECT_MESSAGE(ShapeError, "more than 2^62 elements beside the dims of size 0",
                 zeros({kFar, 0, kFar}));
  EXPECT_MESSAGE(ShapeError, "[ones] a tensor of sizes [2305843009213693952] and dtype complex128",
                 ones({int64_t{1} << 61}, kComplex128));
  EXPECT_MESSAGE(ShapeError, "[arange] a tensor of sizes [9223372036854775807]", arange(0, kMost));
  EXPECT_MESSAGE(ShapeError, "[arange]", arange(kLeast, kMost));
  EXPECT_MESSAGE(ShapeError, "[arange]", arange(0, 1e300, 1e-300));
  EXPECT_MESSAGE(ShapeError, "[linspace] expected sizes of at least 0", linspace(0, 1, -1));
  EXPECT_MESSAGE(ShapeError, "[eye] diagonal_mask: expected sizes of at least 0", eye(-1));
  EXPECT_MESSAGE(ShapeError, "[randperm]", randperm(-1));
  EXPECT_MESSAGE(ShapeError, "[randint]", randint(0, 3, {-1}));
  EXPECT_MESSAGE(ShapeError, "[zeros] expected at most 63 dims, got 64",
                 zeros(std::vector<int64_t>(64, 1)));
  EXPECT_MESSAGE(ShapeError, "expected at most 63 dims",
                 unsqueeze(zeros(std::vector<int64_t>(63, 1)), 0));
  EXPECT_EQ(sum(zeros(std::vector<int64_t>(63, 1)) + 1).item<float>(), 1);
}

TEST(Mistakes, SizesThatNoMemoryHolds) {
  EXPECT_MESSAGE(
      OutOfMemoryError,
      "[zeros] no room for a tensor of sizes [1099511627776, 64] and dtype float32: could not get "
      "281474976710656 bytes on 'cpu'",
      zeros({kFar, 64}));
  EXPECT_MESSAGE(OutOfMemoryError, "[empty] no room", empty({kFar, 64}));
  EXPECT_MESSAGE(OutOfMemoryError, "[exp] no room", exp(expanded_far(64 * kFar)));
  EXPECT_MESSAGE(OutOfMemoryError, "[repeat] clone: no room", repeat(zeros({3, 4}), {kFar, 64}));
  EXPECT_MESSAGE(OutOfMemoryError, "[randint]", randint(0, 10, {kFar, 64}));
  EXPECT_MESSAGE(OutOfMemoryError, "[pad] allocate: could not get",
                 pad(zeros({3, 4}), {64 * kFar, 0}, "replicate"));
  EXPECT_MESSAGE(OutOfMemoryError, "[pad]", pad(zeros({3, 4}), {64 * kFar, 0}));
  EXPECT_MESSAGE(OutOfMemoryError, "[one_hot]", one_hot(full({2}, 1), 64 * kFar));
  EXPECT_MESSAGE(ShapeError, "[matmul]",
                 matmul(expanded_far(kFar).unsqueeze(1), expanded_far(kFar).unsqueeze(0)));
  // Nothing half-done stays behind.
  EXPECT_EQ(sum(ones({8})).item<float>(), 8);
}

TEST(Mistakes, NumbersThatOverflow) {
  const Tensor x = ones({3, 4});
  EXPECT_MESSAGE(ShapeError, "[reshape] a tensor of sizes", reshape(x, {kFar, kFar}));
  EXPECT_MESSAGE(ShapeError, "[expand] a tensor of sizes", expand(x, {kFar, kFar, 3, 4}));
  EXPECT_MESSAGE(ShapeError, "[repeat]", repeat(x, {kFar, kFar}));
  EXPECT_MESSAGE(ShapeError, "[pad] dim 1 of [3, 4] can't have borders", pad(x, {kMost, kMost}));
  EXPECT_MESSAGE(ShapeError, "[pad] dim 1 of [3, 4] can't have borders", pad(x, {kLeast, kLeast}));
  EXPECT_MESSAGE(ShapeError, "[pad]", pad(x, {kMost, kMost}, "replicate"));
  EXPECT_MESSAGE(ShapeError, "[pad]", pad(x, {kLeast, 0}, "replicate"));
  const Tensor far = expanded_far(int64_t{1} << 61);
  EXPECT_MESSAGE(ShapeError, "[cat] the sizes along dim 0 add up to", cat({far, far, far, far}));
  EXPECT_MESSAGE(ValueError, "[one_hot] there is no number of classes", one_hot(full({1}, kMost)));
  EXPECT_MESSAGE(IndexError, "[narrow]", narrow(x, 0, kMost, kMost));
  EXPECT_MESSAGE(IndexError, "[select] index -9223372036854775808", select(x, 0, kLeast));
  EXPECT_MESSAGE(IndexError, "[as_strided]", as_strided(x, {3}, {kMost}));
  EXPECT_MESSAGE(IndexError, "[as_strided]", as_strided(x, {0}, {1}, kMost));
  EXPECT_MESSAGE(IndexError, "[gather] index 9223372036854775807",
                 gather(x, 0, full({3, 4}, kMost)));
  EXPECT_MESSAGE(ValueError, "[randint] expected low < high", randint(kLeast, kMost, {2}));
  EXPECT_EQ(diagonal(x, kLeast).numel() + diagonal(x, kMost).numel(), 0);
  EXPECT_EQ(sum(triu(x, kLeast)).item<float>(), 12);
  EXPECT_EQ(sum(triu(x, kMost)).item<float>(), 0);
  EXPECT_EQ(slice(x, 0, kLeast, kMost, kMost).sizes(), (Shape{1, 4}));
  EXPECT_EQ(sum(roll(x, {kLeast}, {0})).item<float>(), 12);
}

TEST(Mistakes, Shapes) {
  const Tensor x = zeros({3, 4}), v = zeros({5});
  EXPECT_MESSAGE(ShapeError, "[add] sizes [3, 4] and [5] don't broadcast", x + v);
  EXPECT_MESSAGE(ShapeError, "[copy] a source of sizes [1, 5] doesn't broadcast to [2, 1]",
                 zeros({2, 1}).copy_(zeros({1, 5})));
  EXPECT_MESSAGE(ShapeError, "[copy] a source of sizes [3, 4] doesn't broadcast to []",
                 zeros({}).copy_(x));
  EXPECT_MESSAGE(ShapeError, "did you mean b.transpose(0, 1)?", matmul(x, x));
  EXPECT_MESSAGE(ShapeError, "[matmul] expected tensors of rank 1 or more", matmul(x, zeros({})));
  EXPECT_MESSAGE(ShapeError, "[linear] expected a bias of [2]", linear(x, zeros({2, 4}), v));
  EXPECT_MESSAGE(ShapeError, "[reshape] at most one size may be -1", reshape(x, {-1, -1}));
  EXPECT_MESSAGE(ShapeError, "[reshape] no size in the place of -1", reshape(zeros({0}), {-1, 0}));
  EXPECT_MESSAGE(ShapeError, "[view]", transpose(x, 0, 1).view({12}));
  EXPECT_MESSAGE(ShapeError, "[permute] expected an order of all 2 dims", permute(x, {0}));
  EXPECT_MESSAGE(ShapeError, "[expand] sizes [3, 4] don't broadcast to [4, 4]", expand(x, {4, 4}));
  EXPECT_MESSAGE(ShapeError, "[cat] tensor 1 is [5], but tensor 0 is [3, 4]", cat({x, v}));
  EXPECT_MESSAGE(ValueError, "[cat] expected at least one tensor", cat({}));
  EXPECT_MESSAGE(ValueError, "[stack] cat: expected at least one tensor", stack({}));
  EXPECT_MESSAGE(ShapeError, "[split_with_sizes]", split_with_sizes(x, {kMost, kMost, 5}));
  EXPECT_MESSAGE(ShapeError, "[layer_norm]", layer_norm(x, {3}));
  EXPECT_MESSAGE(ValueError, "[group_norm] expected num_groups that divides", group_norm(x, 0));
  EXPECT_MESSAGE(ShapeError, "[batch_norm]", batch_norm(x, v, v));
  EXPECT_MESSAGE(ShapeError, "[cross_entropy] expected labels of sizes [3]",
                 cross_entropy(x, full({2}, 1)));
  EXPECT_MESSAGE(ShapeError, "[mse_loss]", mse_loss(x, v));
  EXPECT_MESSAGE(ShapeError, "[kl_div] kl_div_elements: sizes", kl_div(x, v));
  EXPECT_MESSAGE(ShapeError, "[add] in place", x.clone().add_(zeros({2, 3, 4})));
  EXPECT_MESSAGE(ShapeError, "[item] expected a tensor of one element", x.item());
  EXPECT_MESSAGE(ShapeError, "inner braces hold 2 and 1", tensor({{1.f, 2.f}, {3.f}}));
  EXPECT_MESSAGE(ShapeError, "[spread] a tensor of [3] isn't [4, 2] without dims [1]",
                 spread(zeros({3}), {4, 2}, {1}, false));
}

TEST(Mistakes, DimsAndIndices) {
  const Tensor x = zeros({3, 4});
  EXPECT_MESSAGE(IndexError, "[sum] dim 2 is out of range: a tensor of rank 2", sum(x, {2}));
  EXPECT_MESSAGE(IndexError, "[sum] dim -2 is named twice", sum(x, {0, -2}));
  EXPECT_MESSAGE(IndexError, "[softmax] dim 2", softmax(x, 2));
  EXPECT_MESSAGE(IndexError, "[stack] unsqueeze: dim 5", stack({x, x}, 5));
  EXPECT_MESSAGE(IndexError, "[roll] size: dim 7", roll(x, {1}, {7}));
  EXPECT_MESSAGE(IndexError, "[argsort] sort: dim 7", argsort(x, 7));
  EXPECT_MESSAGE(IndexError, "index 3 is out of range for dim 0 of size 3", x[3]);
  EXPECT_MESSAGE(IndexError, "[index] 3 indices for a tensor of rank 2", x.index({0, 0, 0}));
  EXPECT_MESSAGE(IndexError, "[index] index 3", x.index({full({2}, 3)}));
  EXPECT_MESSAGE(IndexError, "[index] a mask of [4]", x.index({zeros({4}, kBool)}));
  EXPECT_MESSAGE(IndexError, "[gather] index -1 at place 0", gather(x, 0, full({3, 4}, -1)));
  EXPECT_MESSAGE(IndexError, "[scatter] index 5", scatter(x, 0, full({3, 4}, 5), x));
  EXPECT_MESSAGE(IndexError, "[index_select] index 3", index_select(x, 0, full({2}, 3)));
  EXPECT_MESSAGE(IndexError, "[embedding] index 3", embedding(x, full({2}, 3)));
  EXPECT_MESSAGE(IndexError, "[one_hot] scatter: index 5", one_hot(full({2}, 5), 3));
  EXPECT_MESSAGE(IndexError, "label 4 (element 0 of the target)", cross_entropy(x, full({3}, 4)));
  EXPECT_MESSAGE(ValueError, "[topk] expected k from 0 to 4", topk(x, 5));
}

TEST(Mistakes, DTypes) {
  const Tensor x = zeros({3, 4}), mask = zeros({3, 4}, kBool), whole = zeros({3, 4}, kInt64);
  EXPECT_MESSAGE(DTypeError, "[sub] got bool; expected one of", mask - mask);
  EXPECT_MESSAGE(DTypeError, "[pow] got bool", pow(mask, mask));
  EXPECT_MESSAGE(DTypeError, "[floor_divide] got bool", floor_divide(mask, mask));
  EXPECT_MESSAGE(DTypeError, "[matmul]", matmul(mask, mask));
  EXPECT_MESSAGE(DTypeError, "[where] expected a bool condition", where(x, x, x));
  EXPECT_MESSAGE(DTypeError, "[bitwise_and] got float32", bitwise_and(x, x));
  EXPECT_MESSAGE(DTypeError, "[gather] argument 1 is float32", gather(x, 0, x));
  EXPECT_MESSAGE(DTypeError, "[index] expected integer or bool indices", x.index({x}));
  EXPECT_MESSAGE(DTypeError, "[dropout] dropout_from: got int64", dropout(whole, 0.5));
  EXPECT_MESSAGE(DTypeError, "[mse_loss] got int64", mse_loss(whole, whole));
  EXPECT_MESSAGE(DTypeError, "[cross_entropy] expected integer class labels",
                 cross_entropy(x, zeros({3})));
  EXPECT_MESSAGE(DTypeError, "[lt] got complex64", zeros({1}, kComplex64) < zeros({1}, kComplex64));
  EXPECT_MESSAGE(DTypeError, "[add] in place", whole.clone().add_(x));
  EXPECT_MESSAGE(DTypeError, "[data] asked for elements of float64", x.data<double>());
  EXPECT_MESSAGE(DTypeError, "[rand] expected one of", rand({3}, kInt64));
}

TEST(Mistakes, Devices) {
  const Tensor x = zeros({3, 4}), nowhere = zeros({3, 4}, kFloat32, kMeta);
  EXPECT_MESSAGE(DeviceError, "[add] expected tensors on one device, got 'cpu' and 'meta'",
                 x + nowhere);
  EXPECT_MESSAGE(DeviceError, "[matmul] expected tensors on one device", matmul(x, nowhere.t()));
  EXPECT_MESSAGE(DeviceError, "[add] expected tensors on one device", x.clone().add_(nowhere));
  EXPECT_MESSAGE(DeviceError, "[copy] expected tensors on one device", x.clone().copy_(nowhere));
  EXPECT_MESSAGE(DeviceError, "[copy] expected tensors on one device", nowhere.clone().copy_(x));
  EXPECT_MESSAGE(DeviceError, "[add] in place: expected tensors on 'cpu', got one on 'meta'",
                 zeros({}).add_(nowhere));
  EXPECT_MESSAGE(DeviceError, "[masked_select] nonzero: the sizes of its result depend on data",
                 masked_select(nowhere, nowhere > 0));
  EXPECT_EQ(nowhere.clone().add_(zeros({})).device(), kMeta);
  EXPECT_MESSAGE(DeviceError, "has sizes and a dtype, but no data", nowhere.to_vector<float>());
  EXPECT_MESSAGE(DeviceError, "there is no data", nowhere.to(kCpu));
  EXPECT_MESSAGE(DeviceError, "'gpu' is no device; expected one of cpu, meta",
                 device_from_string("gpu"));
  EXPECT_MESSAGE(DeviceError, "unknown device type 7", x.to(Device{7, 0}));
  EXPECT_MESSAGE(DeviceError, "unknown device type 200", zeros({2}, kFloat32, Device{200, 0}));
}

TEST(Mistakes, UndefinedTensors) {
  Tensor none, leaf = ones({2}).requires_grad_();
  constexpr const char* kMessage = "[Tensor] an undefined tensor has no sizes and no elements";
  EXPECT_MESSAGE(ValueError, kMessage, none.sizes());
  EXPECT_MESSAGE(ValueError, kMessage, none.dtype());
  EXPECT_MESSAGE(ValueError, kMessage, none.item<float>());
  EXPECT_MESSAGE(ValueError, kMessage, none.to_vector<float>());
  EXPECT_MESSAGE(ValueError, kMessage, none.data<float>());
  EXPECT_MESSAGE(ValueError, kMessage, none.requires_grad_());
  EXPECT_MESSAGE(ValueError, kMessage, none.grad());
  EXPECT_MESSAGE(ValueError, kMessage, none.set_grad(leaf));
  EXPECT_MESSAGE(ValueError, kMessage, none.to(kFloat64));
  EXPECT_MESSAGE(ValueError, kMessage, leaf.grad().item<float>());
  EXPECT_MESSAGE(ValueError, "undefined tensor", none[0]);
  EXPECT_MESSAGE(ValueError, "undefined tensor", none.index({0, Ellipsis}));
  EXPECT_MESSAGE(ValueError, "undefined tensor", none + leaf);
  EXPECT_MESSAGE(ValueError, "undefined tensor", none.add_(leaf));
  EXPECT_MESSAGE(ValueError, "undefined tensor", leaf.detach().add_(none));
  EXPECT_MESSAGE(ValueError, "undefined tensor", matmul(leaf, none));
  EXPECT_MESSAGE(ValueError, "undefined tensor", cat({leaf, none}));
  EXPECT_MESSAGE(ValueError, "undefined tensor", none.backward());
  EXPECT_EQ(none.to_string(), "tensor(undefined)");
}

TEST(Mistakes, Values) {
  const Tensor x = zeros({3, 4});
  EXPECT_MESSAGE(ValueError, "[exp] argument 0 is an undefined tensor", exp(Tensor()));
  EXPECT_MESSAGE(ValueError, "[arange] no steps of -1 lead from 0 to 5", arange(0, 5, -1));
  EXPECT_MESSAGE(ValueError, "[arange] no steps", arange(0.0, std::nan("")));
  EXPECT_MESSAGE(ValueError, "[one_hot] expected num_classes of at least 0, or -1 to count them",
                 one_hot(full({2}, 1), -2));
  EXPECT_MESSAGE(DTypeError, "[one_hot] expected integers, got float32",
                 one_hot(full({2}, std::nan(""))));
  EXPECT_MESSAGE(ValueError, "[slice] expected a step of at least 1", slice(x, 0, 0, 2, -1));
  EXPECT_MESSAGE(ValueError, "[split] expected a split_size", split(x, 0));
  EXPECT_MESSAGE(ValueError, "[pad] expected mode constant", pad(x, {1, 1}, "mirror"));
  EXPECT_MESSAGE(ValueError, "[dropout] expected a probability", dropout(x, 1.5));
  EXPECT_MESSAGE(ValueError, "[randint] [0, 1000) doesn't fit int8", randint(0, 1000, {3}, kInt8));
  EXPECT_MESSAGE(ValueError, "[full] 300 doesn't fit uint8", full({2}, 300, kUInt8));
  EXPECT_MESSAGE(ValueError, "[amax] no element to choose from", amax(zeros({0})));
  EXPECT_MESSAGE(ValueError, "in place: the tensor is expanded", expanded_far(4).add_(1));
  EXPECT_MESSAGE(ValueError, "[smooth_l1_loss] expected beta >= 0, got -1",
                 smooth_l1_loss(x, x, "mean", -1));
  EXPECT_MESSAGE(ValueError, "[huber_loss] expected delta > 0, got 0", huber_loss(x, x, "mean", 0));
  EXPECT_MESSAGE(ValueError, "reduction=\"none\", \"mean\" or \"sum\", got \"all\"",
                 mse_loss(x, x, "all"));
  EXPECT_MESSAGE(ValueError, "[from_blob] expected memory", from_blob(nullptr, {3}));
}

}  // namespace
}  // namespace tenon
