// What a compiled function makes of a convolution and what follows it: relu and pooling at the
// convolution's end, their gradients at the beginning of its gradients, and images that stay in the
// layout of the kernels between one convolution and the next. Eager code doesn't call these.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/conv/conv2d.h"
#include "tenon/ops/conv/window.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr const char* kBlocks =
    " Images of a `width` that divides their channels lie in memory as [n, channels / width, h, w, "
    "width] would, others row-major.";

void check_batch(std::string_view call, IntList x) {
  if (x.size() == 4) return;
  fail<ShapeError>(call, fmt::format("expected x [n, c, h, w], got {}", to_string(x)));
}

/// `places` goes with the pooled `dy`.
void check_places(std::string_view call, const Tensor& dy, const Tensor& places) {
  if (!places.defined()) return;
  if (places.dtype() != kUInt8 || places.sizes() != dy.sizes()) {
    fail<ShapeError>(call,
                     fmt::format("expected places of uint8{}, got {}{}", to_string(dy.sizes()),
                                 name_of(places.dtype()), to_string(places.sizes())));
  }
}

/// Each of a batch norm's tensors has a number for each channel of the result, in any shape.
void check_norm(std::string_view call, const Call& c, int64_t channels) {
  if (c.has(3) != c.has(4)) fail<ShapeError>(call, "expected both mean and variance, or neither");
  for (size_t i = 3; i < 7; ++i) {
    if (!c.has(i) || (c.has(3) && c.input(i).numel() == channels)) continue;
    fail<ShapeError>(call, fmt::format("expected {} numbers of a batch norm, got {}", channels,
                                       to_string(c.input(i).sizes())));
  }
}

Spec block_spec(std::string_view call, const Call& c) {
  check_batch(call, c.input(0).sizes());
  const Tensor bias = c.has(2) ? c.input(2) : Tensor();
  const Spec spec = conv2d_spec(c.input(0), c.input(1), bias, c.get<IntList>(0), c.get<IntList>(1),
                                c.get<IntList>(2), c.get<int64_t>(3));
  check_norm(call, c, spec.sizes[1]);
  return spec;
}

/// mean, variance, scale, shift.
std::vector<Tensor> no_norm() { return std::vector<Tensor>(4); }
std::vector<Tensor> some_norm(int64_t channels) {
  return {sample_tensor({channels}, -1, 1, 4), sample_tensor({1, channels, 1, 1}, 0.5, 2, 5),
          sample_tensor({channels}, -1, 2, 6), sample_tensor({channels}, -1, 1, 7)};
}

std::vector<Tensor> operator+(std::vector<Tensor> a, const std::vector<Tensor>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Sample with_attributes(std::vector<Tensor> inputs, std::vector<Attribute> first, int64_t padding,
                       int64_t groups, std::vector<Attribute> last) {
  Sample sample{std::move(inputs), std::move(first)};
  for (const Attribute& attribute :
       {Attribute(Shape{1}), Attribute(Shape{padding}), Attribute(Shape{1}), Attribute(groups)}) {
    sample.attributes.push_back(attribute);
  }
  for (Attribute& attribute : last) sample.attributes.push_back(std::move(attribute));
  return sample;
}

/// -1, 0 and 1, whose sums are exact in any dtype: where two places of a window are equal, the
/// first is the larger, and rounding doesn't decide.
Tensor exact_tensor(IntList sizes, uint64_t seed) {
  return to_dtype(sample_integers(sizes, -1, 2, seed), kFloat64);
}

Attribute width(int64_t channels) { return Attribute(channels); }

}  // namespace

void define_conv2d_block(OpDef& op) {
  static const std::string doc =
      std::string(
          "conv2d of `x` in blocks of `x_width`, in blocks of `y_width`. With a mean, its "
          "batch_norm by these numbers, within a few rounding errors of the convolution's "
          "terms, as they are folded into weight and bias; where `relu`, the largest of 0 "
          "and that.") +
      kBlocks;
  op.doc(doc)
      .accepts(kFloatSet)
      .shape([](const Call& call) -> Spec { return block_spec("conv2d_block", call); })
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const std::vector<Tensor> bias = {sample_tensor({4}, -1, 1, 3)}, none = {Tensor()};
        const Tensor x = sample_tensor({2, 2, 5, 6}), w = sample_tensor({4, 2, 3, 2}, -1, 1, 2);
        const std::vector<Tensor> wide = {sample_tensor({4, 16, 5, 5}),
                                          sample_tensor({32, 16, 3, 3}, -1, 1, 2),
                                          sample_tensor({32}, -1, 1, 3)};
        const Attribute yes(true), no(false), eps(0.1), zero(0.0);
        return {with_attributes(std::vector{x, w} + bias + no_norm(), {}, 0, 1,
                                {width(0), width(0), yes, zero}),
                with_attributes(std::vector{x, w} + none + some_norm(4), {}, 1, 1,
                                {width(2), width(4), yes, eps}),
                with_attributes(std::vector{sample_tensor({1, 4, 6, 5}), w} + bias + no_norm(), {},
                                1, 2, {width(2), width(3), no, zero}),
                with_attributes(wide + some_norm(32), {}, 1, 1, {width(16), width(16), no, eps}),
                with_attributes(wide + no_norm(), {}, 1, 1, {width(16), width(16), yes, zero})};
      });
}

void define_conv2d_block_pool(OpDef& op) {
  static const std::string doc =
      std::string(
          "The largest of each 2 x 2 of what conv2d_block gives with relu, row-major; and "
          "where it is, 0 to 3 from the upper left, 4 where none is above 0, in blocks of "
          "16.") +
      kBlocks;
  op.doc(doc)
      .accepts(kFloatSet)
      .shape([](const Call& call) -> Specs {
        Spec values = block_spec("conv2d_block_pool", call);
        values.sizes[2] /= 2;
        values.sizes[3] /= 2;
        return {values, Spec{kUInt8, values.sizes}};
      })
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const std::vector<Tensor> small = {exact_tensor({2, 2, 6, 7}, 1),
                                           exact_tensor({4, 2, 3, 2}, 2), exact_tensor({4}, 3)};
        const std::vector<Tensor> wide = {exact_tensor({4, 16, 5, 7}, 1),
                                          exact_tensor({32, 16, 3, 3}, 2), Tensor()};
        // Exact, too: a standard deviation of 1.
        const std::vector<Tensor> norm = {exact_tensor({32}, 4), full({32}, 0.75, kFloat64),
                                          exact_tensor({32}, 5), exact_tensor({1, 32, 1, 1}, 6)};
        return {with_attributes(small + no_norm(), {}, 0, 1, {width(0), Attribute(0.0)}),
                with_attributes(wide + no_norm(), {}, 1, 1, {width(16), Attribute(0.0)}),
                with_attributes(wide + norm, {}, 1, 1, {width(16), Attribute(0.25)})};
      });
}

void define_conv2d_block_backward_input(OpDef& op) {
  static const std::string doc =
      std::string(
          "The gradient of conv2d's `x`, of these sizes, in blocks of `x_width`; 0 where "
          "`result`, a relu's in the same layout, is 0. With `places`, `dy` is the "
          "gradient of conv2d_block_pool's values; else it is in blocks of `y_width`.") +
      kBlocks;
  op.doc(doc)
      .accepts(kFloatSet)
      .accepts_input(2, set_of(kUInt8))
      .shape([](const Tensor& dy, const Tensor& weight, const Tensor& places, const Tensor& result,
                IntList sizes, IntList stride, IntList padding, IntList dilation, int64_t groups,
                int64_t, int64_t) -> Spec {
        constexpr const char* kCall = "conv2d_block_backward_input";
        check_batch(kCall, sizes);
        check_gradient(kCall, dy, weight, sizes, weight.sizes(), stride, padding, dilation, groups,
                       places.defined());
        check_places(kCall, dy, places);
        if (result.defined() && (result.sizes() != Shape(sizes) || result.dtype() != dy.dtype())) {
          fail<ShapeError>(kCall, fmt::format("expected a result of {}{}, got {}{}",
                                              name_of(dy.dtype()), to_string(sizes),
                                              name_of(result.dtype()), to_string(result.sizes())));
        }
        return {dy.dtype(), Shape(sizes)};
      })
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Attribute sizes(Shape{2, 2, 6, 7}), wide(Shape{4, 16, 5, 7});
        const Tensor w = sample_tensor({4, 2, 3, 2}, -1, 1, 2);
        const Tensor wide_w = sample_tensor({32, 16, 3, 3}, -1, 1, 2);
        const Tensor result = sample_tensor({4, 16, 5, 7}, -1, 2, 3);
        return {with_attributes({sample_tensor({2, 4, 4, 6}), w, Tensor(), Tensor()}, {sizes}, 0, 1,
                                {width(2), width(4)}),
                with_attributes({sample_tensor({2, 4, 2, 3}), w,
                                 sample_integers({2, 4, 2, 3}, 0, 5, 4, kUInt8), Tensor()},
                                {sizes}, 0, 1, {width(0), width(0)}),
                with_attributes({sample_tensor({4, 32, 2, 3}), wide_w,
                                 sample_integers({4, 32, 2, 3}, 0, 5, 4, kUInt8), result},
                                {wide}, 1, 1, {width(16), width(0)}),
                with_attributes({sample_tensor({4, 32, 5, 7}), wide_w, Tensor(), result}, {wide}, 1,
                                1, {width(16), width(16)})};
      });
}

void define_conv2d_block_backward_weight(OpDef& op) {
  static const std::string doc =
      std::string(
          "The gradients of conv2d's `weight`, of these sizes, and of its `bias`, for `x` "
          "in blocks of `x_width`. With `places`, `dy` is the gradient of "
          "conv2d_block_pool's values; else it is in blocks of `y_width`.") +
      kBlocks;
  op.doc(doc)
      .accepts(kFloatSet)
      .accepts_input(2, set_of(kUInt8))
      .shape([](const Tensor& dy, const Tensor& x, const Tensor& places, IntList sizes,
                IntList stride, IntList padding, IntList dilation, int64_t groups, int64_t,
                int64_t) -> Specs {
        constexpr const char* kCall = "conv2d_block_backward_weight";
        check_batch(kCall, x.sizes());
        check_gradient(kCall, dy, x, x.sizes(), sizes, stride, padding, dilation, groups,
                       places.defined());
        check_places(kCall, dy, places);
        return {Spec{dy.dtype(), Shape(sizes)}, Spec{dy.dtype(), {sizes[0]}}};
      })
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Attribute sizes(Shape{4, 2, 3, 2}), wide(Shape{32, 16, 3, 3}),
            first(Shape{16, 2, 3, 3});
        return {
            with_attributes(
                {sample_tensor({2, 4, 4, 6}), sample_tensor({2, 2, 6, 7}, -1, 1, 2), Tensor()},
                {sizes}, 0, 1, {width(2), width(4)}),
            with_attributes({sample_tensor({4, 32, 2, 3}), sample_tensor({4, 16, 5, 7}, -1, 1, 2),
                             sample_integers({4, 32, 2, 3}, 0, 5, 4, kUInt8)},
                            {wide}, 1, 1, {width(16), width(0)}),
            with_attributes(
                {sample_tensor({4, 32, 5, 7}), sample_tensor({4, 16, 5, 7}, -1, 1, 2), Tensor()},
                {wide}, 1, 1, {width(0), width(16)}),
            with_attributes(
                {sample_tensor({3, 16, 5, 7}), sample_tensor({3, 2, 5, 7}, -1, 1, 2), Tensor()},
                {first}, 1, 1, {width(0), width(16)}),
            with_attributes({sample_tensor({3, 16, 2, 3}), sample_tensor({3, 2, 5, 7}, -1, 1, 2),
                             sample_integers({3, 16, 2, 3}, 0, 5, 4, kUInt8)},
                            {first}, 1, 1, {width(0), width(0)})};
      });
}

}  // namespace tenon::ops
