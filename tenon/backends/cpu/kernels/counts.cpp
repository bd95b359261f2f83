// Kernels of counts: bincount, histc, and the places that repeat_interleave takes.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// Vectors of numbers of at least 0.
Tensor counted(std::string_view call, const Tensor& x) {
  if (x.dim() != 1) {
    fail<ShapeError>(call, fmt::format("expected a vector, got sizes {}", to_string(x.sizes())));
  }
  const Tensor values = index_values(x);
  const auto* data = values.data<int64_t>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    if (data[i] < 0) {
      fail<ValueError>(
          call, fmt::format("expected numbers of at least 0, got {} at place {}", data[i], i));
    }
  }
  return values;
}

void bincount_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = counted("bincount", call.input(0));
  const int64_t least = call.get<int64_t>(0);
  if (least < 0) {
    fail<ValueError>("bincount", fmt::format("expected a minlength of at least 0, got {}", least));
  }
  const auto* numbers = x.data<int64_t>();
  int64_t bins = least;
  for (int64_t i = 0; i < x.numel(); ++i) bins = std::max(bins, numbers[i] + 1);
  if (!call.has(1)) {
    outputs[0] = new_tensor({bins}, kInt64);
    auto* counts = outputs[0].data<int64_t>();
    std::fill(counts, counts + bins, 0);
    for (int64_t i = 0; i < x.numel(); ++i) ++counts[numbers[i]];
    return;
  }
  const Tensor& given = call.input(1);
  if (given.sizes() != x.sizes()) {
    fail<ShapeError>("bincount", fmt::format("expected weights of sizes {}, got {}",
                                             to_string(x.sizes()), to_string(given.sizes())));
  }
  const Tensor weights = row_major(converted(given, kFloat64));
  std::vector<double> sums(static_cast<size_t>(bins));
  const auto* weight = weights.data<double>();
  for (int64_t i = 0; i < x.numel(); ++i) sums[static_cast<size_t>(numbers[i])] += weight[i];
  outputs[0] = new_tensor({bins}, kFloat64);
  std::copy(sums.begin(), sums.end(), outputs[0].data<double>());
  if (given.dtype() == kFloat32) outputs[0] = converted(outputs[0], kFloat32);
}

template <class T>
std::vector<int64_t> count_in_bins(const Tensor& x, double low, double high, int64_t bins) {
  const T* in = x.data<T>();
  if (low == 0 && high == 0 && x.numel() != 0) {
    const auto [smallest, largest] = std::minmax_element(in, in + x.numel());
    low = static_cast<double>(*smallest);
    high = static_cast<double>(*largest);
  }
  if (low == high) {
    low -= 1;
    high += 1;
  }
  std::vector<int64_t> counts(static_cast<size_t>(bins));
  for (int64_t i = 0; i < x.numel(); ++i) {
    const auto value = static_cast<double>(in[i]);
    if (!(value >= low && value <= high)) continue;
    const auto bin = static_cast<int64_t>((value - low) / (high - low) * static_cast<double>(bins));
    ++counts[static_cast<size_t>(std::min(bin, bins - 1))];
  }
  return counts;
}

/// Half types are counted as float32, which holds all their values.
void histc_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& given = call.input(0);
  const Tensor x = row_major(size_of(given.dtype()) == 2 ? given.to(kFloat32) : given);
  const double low = call.get<Scalar>(1).to_double(), high = call.get<Scalar>(2).to_double();
  const int64_t bins = outputs[0].numel();
  const std::vector<int64_t> counts = x.dtype() == kFloat32
                                          ? count_in_bins<float>(x, low, high, bins)
                                          : count_in_bins<double>(x, low, high, bins);
  visit_floating(given.dtype(), [&](auto type, auto wide) {
    using T = typename decltype(type)::Type;
    using Wide = typename decltype(wide)::Type;
    auto* const to = outputs[0].data<T>();
    for (size_t i = 0; i < counts.size(); ++i) to[i] = static_cast<T>(static_cast<Wide>(counts[i]));
  });
}

void repeat_places_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor repeats = counted("repeat_interleave", call.input(0));
  const auto* counts = repeats.data<int64_t>();
  int64_t total = 0;
  for (int64_t i = 0; i < repeats.numel(); ++i) {
    if (__builtin_add_overflow(total, counts[i], &total)) {
      fail<ShapeError>("repeat_interleave", "the repeats add up to more than 2^63");
    }
  }
  outputs[0] = new_tensor({total}, kInt64);
  auto* places = outputs[0].data<int64_t>();
  for (int64_t i = 0; i < repeats.numel(); ++i) places = std::fill_n(places, counts[i], i);
}

}  // namespace

void register_counts() {
  register_kernel(OpId::kBincount, kCpu.type, bincount_kernel);
  register_kernel(OpId::kHistc, kCpu.type, histc_kernel);
  register_kernel(OpId::kRepeatPlaces, kCpu.type, repeat_places_kernel);
}

}  // namespace tenon::cpu
