#include "tenon/ops/samples.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace tenon::ops {
namespace {

std::vector<int64_t> shuffled(int64_t count, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(seed);
  // Not std::shuffle: its order differs between standard libraries.
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

}  // namespace

Tensor sample_tensor(IntList sizes, double low, double high, uint64_t seed) {
  Tensor result = new_tensor(sizes, kFloat64);
  const std::vector<int64_t> order = shuffled(result.numel(), seed);
  const double step = (high - low) / static_cast<double>(std::max<int64_t>(result.numel(), 1));
  auto* out = result.data<double>();
  for (size_t i = 0; i < order.size(); ++i) {
    out[i] = low + (static_cast<double>(order[i]) + 0.5) * step;
  }
  return result;
}

Tensor sample_complex(IntList sizes, double low, double high, uint64_t seed) {
  const Tensor real = sample_tensor(sizes, low, high, seed);
  const Tensor imag = sample_tensor(sizes, low, high, seed + 10);
  Tensor result = new_tensor(sizes, kComplex128);
  auto* out = result.data<std::complex<double>>();
  for (int64_t i = 0; i < result.numel(); ++i) {
    out[i] = {real.data<double>()[i], imag.data<double>()[i]};
  }
  return result;
}

Tensor sample_integers(IntList sizes, int64_t low, int64_t high, uint64_t seed, DType dtype) {
  Tensor result = new_tensor(sizes, dtype);
  std::mt19937_64 random(seed);
  visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_integral_v<T>) {
      auto* out = result.data<T>();
      for (int64_t i = 0; i < result.numel(); ++i) {
        const auto range = static_cast<uint64_t>(high - low);
        out[i] = static_cast<T>(low + static_cast<int64_t>(random() % range));
      }
    }
  });
  return result;
}

Tensor sample_mask(IntList sizes, uint64_t seed) {
  return sample_integers(sizes, 0, 2, seed, kBool);
}

std::vector<Sample> unary_samples(double low, double high, std::vector<Attribute> attributes) {
  std::vector<Sample> samples;
  for (const Shape& sizes : {Shape{3, 5}, Shape{7}, Shape{}, Shape{2, 1, 4}}) {
    samples.push_back({{sample_tensor(sizes, low, high)}, attributes});
  }
  return samples;
}

std::vector<Sample> binary_samples(double low, double high) {
  const std::pair<Shape, Shape> pairs[] = {
      {{3, 4}, {3, 4}}, {{3, 4}, {4}}, {{2, 1, 3}, {4, 1}}, {{}, {5}}, {{5}, {}}};
  std::vector<Sample> samples;
  for (const auto& [a, b] : pairs) {
    samples.push_back({{sample_tensor(a, -2, 2, 1), sample_tensor(b, low, high, 2)}, {}});
  }
  return samples;
}

std::vector<Sample> not_differentiable(std::vector<Sample> samples) {
  for (Sample& sample : samples) sample.differentiable = false;
  return samples;
}

}  // namespace tenon::ops
