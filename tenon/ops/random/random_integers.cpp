// Random whole numbers: randint, randint_like, random_.

#include <fmt/format.h>

#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_range(std::string_view call, int64_t low, int64_t high) {
  int64_t range = 0;
  if (high <= low || __builtin_sub_overflow(high, low, &range)) {
    fail<ValueError>(
        call, fmt::format("expected low < high, less than 2^63 apart, got {} and {}", low, high));
  }
}

/// One past the highest number that `random_` draws where none is given: what the dtype counts up
/// to without gaps.
int64_t default_high(DType dtype) {
  switch (dtype) {
    case kBool:
      return 2;
    case kFloat16:
      return 1 << 11;
    case kBFloat16:
      return 1 << 8;
    case kFloat32:
      return 1 << 24;
    case kFloat64:
      return int64_t{1} << 53;
    default: {
      const int bits = static_cast<int>(size_of(dtype)) * 8 - (is_unsigned(dtype) ? 0 : 1);
      return bits >= 63 ? INT64_MAX : int64_t{1} << bits;
    }
  }
}

/// Throws ValueError where numbers of [low, high) don't fit an integer dtype.
void check_fits(std::string_view call, int64_t low, int64_t high, DType dtype) {
  visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_integral_v<T> && sizeof(T) < 8) {
      if (low < static_cast<int64_t>(std::numeric_limits<T>::min()) ||
          high - 1 > static_cast<int64_t>(std::numeric_limits<T>::max())) {
        fail<ValueError>(call, fmt::format("[{}, {}) doesn't fit {}", low, high, name_of(dtype)));
      }
    }
  });
}

/// What `call` gives: uniform in [low, high), in `dtype`.
Tensor whole_numbers(std::string_view call, int64_t low, int64_t high, IntList sizes, DType dtype,
                     Device device, Generator* generator) {
  check_range(call, low, high);
  check_fits(call, low, high, dtype);
  return random_integers(low, high, sizes, device, generator).to(dtype);
}

}  // namespace

void define_random_integers(OpDef& op) {
  op.doc("int64 numbers in [low, high), from 64 random bits each by remainder.")
      .shape([](int64_t low, int64_t high, IntList sizes, Device, Generator*) -> Spec {
        check_range("randint", low, high);
        return {kInt64, Shape(sizes)};
      })
      .tile([](TileBuilder& t) {
        const Value low = t.scalar(0), high = t.scalar(1);
        t.store(0, t.add(low, t.remainder(t.random_bits(), t.sub(high, low))));
      })
      .random()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{},
                 {Attribute(int64_t{-3}), Attribute(int64_t{8}), Attribute(Shape{4, 5}),
                  Attribute(kCpu), Attribute()},
                 false}};
      });
}

void define_randint(OpDef& op) {
  op.doc("Whole numbers, uniform in [low, high). ValueError unless low < high.")
      .compose([](int64_t low, int64_t high, IntList sizes, DType dtype, Device device,
                  Generator* generator) -> Tensor {
        return whole_numbers("randint", low, high, sizes, dtype, device, generator);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{},
                 {Attribute(int64_t{0}), Attribute(int64_t{10}), Attribute(Shape{3, 4}),
                  Attribute(kInt64), Attribute(kCpu), Attribute()},
                 false}};
      });
}

void define_randint_like(OpDef& op) {
  op.doc(
        "randint of the sizes of `x`, and its dtype unless `dtype` is given. ValueError unless "
        "low < high.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t low, int64_t high, std::optional<DType> dtype,
                  Generator* generator) -> Tensor {
        return whole_numbers("randint_like", low, high, x.sizes(), dtype.value_or(x.dtype()),
                             x.device(), generator);
      })
      .not_differentiable()
      .samples([] {
        return not_differentiable(unary_samples(
            -2, 2, {Attribute(int64_t{-5}), Attribute(int64_t{9}), Attribute(), Attribute()}));
      });
}

void define_random(OpDef& op) {
  op.doc(
        "Whole numbers, uniform in [from, to), in the sizes and dtype of `x`; `to` is what the "
        "dtype counts up to unless given. `x.random_()` fills `x`.")
      .compose([](const Tensor& x, int64_t from, std::optional<int64_t> to,
                  Generator* generator) -> Tensor {
        const int64_t high = to.value_or(default_high(x.dtype()));
        return whole_numbers("random", from, high, x.sizes(), x.dtype(), x.device(), generator);
      })
      .vjp([](const Saved&, const Tensor&) -> Grads { return {Tensor()}; })
      .samples([] {
        return not_differentiable(
            unary_samples(-2, 2, {Attribute(int64_t{0}), Attribute(int64_t{9}), Attribute()}));
      });
}

}  // namespace tenon::ops
