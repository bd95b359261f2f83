// Kernels of resample and its gradient: each result is a weighted sum of elements along one dim.

#include <algorithm>
#include <cmath>
#include <vector>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/resample_rows.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// What goes into each result: the elements index[k], times weight[k], for k from first[i] to
/// first[i + 1].
struct Taps {
  std::vector<int64_t> first{0}, index;
  std::vector<double> weight;

  void add(int64_t at, double value) {
    index.push_back(at);
    weight.push_back(value);
  }
  void end_result() { first.push_back(static_cast<int64_t>(index.size())); }
  int64_t count() const { return static_cast<int64_t>(first.size()) - 1; }
};

/// The same weights, from results to the `inputs` elements.
Taps transposed(const Taps& taps, int64_t inputs) {
  Taps result;
  result.first.assign(static_cast<size_t>(inputs) + 1, 0);
  result.index.resize(taps.index.size());
  result.weight.resize(taps.index.size());
  for (const int64_t at : taps.index) ++result.first[static_cast<size_t>(at) + 1];
  for (size_t i = 1; i < result.first.size(); ++i) result.first[i] += result.first[i - 1];
  std::vector<int64_t> next(result.first.begin(), result.first.end() - 1);
  for (int64_t i = 0; i < taps.count(); ++i) {
    for (auto k = static_cast<size_t>(taps.first[static_cast<size_t>(i)]);
         k < static_cast<size_t>(taps.first[static_cast<size_t>(i) + 1]); ++k) {
      const auto to = static_cast<size_t>(next[static_cast<size_t>(taps.index[k])]++);
      result.index[to] = i;
      result.weight[to] = taps.weight[k];
    }
  }
  return result;
}

/// Keys' cubic filter.
double cubic(double x, double a) {
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((x - 5) * x + 8) * x * a - 4 * a;
  return 0;
}

double triangle(double x) { return std::max(1 - std::abs(x), 0.0); }

struct Resampling {
  int64_t inputs, outputs;
  double scale;
  std::string_view mode;
  bool align_corners;

  bool is(std::string_view name) const { return mode == name; }
  double center(int64_t i) const {
    const auto place = static_cast<double>(i);
    return align_corners ? place * scale : (place + 0.5) * scale - 0.5;
  }

  void add_nearest(Taps& taps, int64_t i) const {
    // In float32, as in PyTorch, whose choice between neighbours people rely on.
    const auto step = static_cast<float>(scale);
    const float place = static_cast<float>(i) + (is("nearest-exact") ? 0.5f : 0.0f);
    const float source = std::floor(place * step);
    taps.add(std::clamp<int64_t>(static_cast<int64_t>(source), 0, inputs - 1), 1);
  }

  void add_area(Taps& taps, int64_t i) const {
    const int64_t begin = i * inputs / outputs;
    const int64_t end = ((i + 1) * inputs + outputs - 1) / outputs;
    for (int64_t k = begin; k < end; ++k) taps.add(k, 1 / static_cast<double>(end - begin));
  }

  void add_linear(Taps& taps, int64_t i) const {
    const double place = std::clamp(center(i), 0.0, static_cast<double>(inputs - 1));
    const auto left = static_cast<int64_t>(place);
    const double share = place - static_cast<double>(left);
    taps.add(left, 1 - share);
    if (share > 0) taps.add(left + 1, share);
  }

  void add_cubic(Taps& taps, int64_t i) const {
    const double place = center(i), left = std::floor(place);
    for (int64_t k = -1; k <= 2; ++k) {
      const auto at = static_cast<int64_t>(left) + k;
      taps.add(std::clamp<int64_t>(at, 0, inputs - 1),
               cubic(place - static_cast<double>(at), -0.75));
    }
  }

  /// A filter as wide as the distance between results, where that is above 1.
  void add_antialiased(Taps& taps, int64_t i) const {
    const bool is_cubic = is("cubic-antialias");
    const double width = std::max(scale, 1.0), support = (is_cubic ? 2 : 1) * width;
    // As PyTorch has it, align_corners changes the scale only.
    const double middle = (static_cast<double>(i) + 0.5) * scale;
    const auto begin = std::max<int64_t>(static_cast<int64_t>(middle - support + 0.5), 0);
    const auto end = std::min(static_cast<int64_t>(middle + support + 0.5), inputs);
    double total = 0;
    const size_t first = taps.weight.size();
    for (int64_t k = begin; k < end; ++k) {
      const double distance = (static_cast<double>(k) + 0.5 - middle) / width;
      taps.add(k, is_cubic ? cubic(distance, -0.5) : triangle(distance));
      total += taps.weight.back();
    }
    for (size_t k = first; k < taps.weight.size() && total != 0; ++k) taps.weight[k] /= total;
  }

  Taps taps() const {
    Taps result;
    for (int64_t i = 0; i < outputs; ++i) {
      if (is("nearest") || is("nearest-exact")) {
        add_nearest(result, i);
      } else if (is("area")) {
        add_area(result, i);
      } else if (is("linear")) {
        add_linear(result, i);
      } else if (is("cubic")) {
        add_cubic(result, i);
      } else {
        add_antialiased(result, i);
      }
      result.end_result();
    }
    return result;
  }
};

constexpr int64_t kBlock = 256;

/// One row of `inner` results from the rows of `from` that its taps name.
template <class T, class Sum>
void sum_row(const T* from, const int64_t* index, const Sum* weight, int64_t taps, int64_t inner,
             T* to) {
  Sum sums[kBlock];
  for (int64_t begin = 0; begin < inner; begin += kBlock) {
    const int64_t count = std::min(kBlock, inner - begin);
    std::fill(sums, sums + count, Sum(0));
    for (int64_t k = 0; k < taps; ++k) {
      const T* row = from + index[k] * inner + begin;
      for (int64_t j = 0; j < count; ++j) sums[j] += weight[k] * static_cast<Sum>(row[j]);
    }
    for (int64_t j = 0; j < count; ++j) to[begin + j] = static_cast<T>(sums[j]);
  }
}

/// The taps of short sums as vectors read them.
class VectorTaps {
 public:
  /// Whether no sum is long; `inputs` elements are there to choose from.
  static bool fit(const Taps& taps, int64_t inputs) {
    constexpr int64_t kMostTaps = 8;
    return inputs > 0 && inputs <= INT32_MAX && most_taps(taps) <= kMostTaps;
  }

  explicit VectorTaps(const Taps& taps)
      : results_(taps.count()),
        stride_((results_ + kLanes - 1) / kLanes * kLanes),
        taps_(most_taps(taps)) {
    index_.assign(static_cast<size_t>(stride_ * taps_), -1);
    weight_.assign(index_.size(), 0);
    for (int64_t i = 0; i < results_; ++i) {
      const auto result = static_cast<size_t>(i);
      for (int64_t k = taps.first[result]; k < taps.first[result + 1]; ++k) {
        const auto place = static_cast<size_t>((k - taps.first[result]) * stride_ + i);
        index_[place] = static_cast<int32_t>(taps.index[static_cast<size_t>(k)]);
        weight_[place] = static_cast<float>(taps.weight[static_cast<size_t>(k)]);
      }
    }
  }

  TapTable table() const { return {results_, stride_, taps_, index_.data(), weight_.data()}; }

 private:
  static constexpr int64_t kLanes = 16;

  static int64_t most_taps(const Taps& taps) {
    int64_t most = 0;
    for (size_t i = 0; i + 1 < taps.first.size(); ++i) {
      most = std::max(most, taps.first[i + 1] - taps.first[i]);
    }
    return most;
  }

  int64_t results_, stride_, taps_;
  std::vector<int32_t> index_;
  std::vector<float> weight_;
};

/// Along the last dim, in vectors of results.
void apply_in_rows(const Taps& taps, const Around& x, const float* from, float* to) {
  const VectorTaps vectors(taps);
  const TapTable table = vectors.table();
  const int64_t grain = rows_per_chunk(table.results * (table.taps + 1));
  parallel_for(x.outer, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      resample_row(table, from + row * x.size, to + row * table.results);
    }
  });
}

template <class Sum, class T>
void apply(const Taps& taps, const Around& x, const T* from, T* to) {
  if constexpr (std::is_same_v<T, float>) {
    if (x.inner == 1 && VectorTaps::fit(taps, x.size)) return apply_in_rows(taps, x, from, to);
  }
  const std::vector<Sum> weights(taps.weight.begin(), taps.weight.end());
  const int64_t results = taps.count(), inner = x.inner;
  const int64_t each = static_cast<int64_t>(taps.index.size()) / std::max<int64_t>(results, 1) + 1;
  parallel_for(x.outer * results, rows_per_chunk(inner * each), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto result = static_cast<size_t>(row % results);
      const T* source = from + row / results * x.size * inner;
      const int64_t first = taps.first[result], count = taps.first[result + 1] - first;
      const int64_t* index = taps.index.data() + first;
      const Sum* weight = weights.data() + first;
      if constexpr (std::is_same_v<T, Sum>) {
        if (inner > 1) {
          add_weighted_rows(source, index, weight, count, inner, to + row * inner);
          continue;
        }
      } else if (inner > 1) {
        sum_row(source, index, weight, count, inner, to + row * inner);
        continue;
      }
      Sum sum = 0;
      for (int64_t k = 0; k < count; ++k) sum += weight[k] * static_cast<Sum>(source[index[k]]);
      to[row] = static_cast<T>(sum);
    }
  });
}

/// Attributes: dim, size, scale, mode, align_corners.
void run(const Call& call, const Tensor& output, bool backward) {
  const Tensor x = row_major(call.input(0));
  if (output.numel() == 0) return;
  const int64_t dim = normalize_dim(call.op.name, call.get<int64_t>(0), x.dim());
  const Around sizes = around(x.sizes(), dim);
  const int64_t result = output.size(dim);
  const Resampling resampling{backward ? result : sizes.size, backward ? sizes.size : result,
                              call.get<double>(2), call.get<std::string_view>(3),
                              call.get<bool>(4)};
  const Taps taps = backward ? transposed(resampling.taps(), result) : resampling.taps();
  visit_floating(x.dtype(), [&](auto tag, auto sum_tag) {
    using T = typename decltype(tag)::Type;
    apply<typename decltype(sum_tag)::Type>(taps, sizes, x.data<T>(), output.data<T>());
  });
}

void resample_kernel(const Call& call, std::span<Tensor> outputs) { run(call, outputs[0], false); }
void resample_backward_kernel(const Call& call, std::span<Tensor> outputs) {
  run(call, outputs[0], true);
}

}  // namespace

void register_resample() {
  register_kernel(OpId::kResample, kCpu.type, resample_kernel);
  register_kernel(OpId::kResampleBackward, kCpu.type, resample_backward_kernel);
}

}  // namespace tenon::cpu
