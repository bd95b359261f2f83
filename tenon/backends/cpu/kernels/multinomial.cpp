// What a multinomial draws of: weights, each row of which is held against what is to be drawn.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// Copies a row; false unless `least` or more of its weights are above 0, and the others 0.
template <class T>
bool copy_drawable(const T* from, int64_t count, int64_t least, T* to) {
  int64_t above = 0;
  bool valid = true;
  for (int64_t i = 0; i < count; ++i) {
    to[i] = from[i];
    above += from[i] > 0;
    valid &= from[i] >= 0 && std::isfinite(from[i]);
  }
  return valid && above >= least;
}

/// Only on the way to an error.
template <class T>
[[noreturn]] void fail_row(const T* weights, int64_t count, int64_t row, int64_t least) {
  for (int64_t i = 0; i < count; ++i) {
    if (weights[i] >= 0 && std::isfinite(weights[i])) continue;
    fail<ValueError>("multinomial",
                     fmt::format("expected finite weights of at least 0, got {} (row {}, category "
                                 "{})",
                                 weights[i], row, i));
  }
  const int64_t above = std::count_if(weights, weights + count, [](T x) { return x > 0; });
  if (above == 0) {
    fail<ValueError>("multinomial", fmt::format("row {} has no weight above 0", row));
  }
  fail<ValueError>("multinomial",
                   fmt::format("row {} has {} weights above 0, too few for {} draws without "
                               "replacement; draw fewer, or with replacement",
                               row, above, least));
}

template <class T>
void copy_weights(const Tensor& x, int64_t least, const Tensor& output) {
  const int64_t count = x.size(-1), rows = count == 0 ? 0 : x.numel() / count;
  const T* from = x.data<T>();
  T* to = output.data<T>();
  std::vector<uint8_t> drawable(static_cast<size_t>(rows));
  parallel_for(rows, rows_per_chunk(count), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      drawable[static_cast<size_t>(i)] =
          copy_drawable(from + i * count, count, least, to + i * count) ? 1 : 0;
    }
  });
  const int64_t row = std::find(drawable.begin(), drawable.end(), 0) - drawable.begin();
  if (row < rows) fail_row(from + row * count, count, row, least);
}

void drawable_weights_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = spread(call.input(0), outputs[0].dtype(), outputs[0].sizes());
  const int64_t least = call.get<bool>(1) ? 1 : call.get<int64_t>(0);
  x.dtype() == kFloat64 ? copy_weights<double>(x, least, outputs[0])
                        : copy_weights<float>(x, least, outputs[0]);
}

}  // namespace

void register_multinomial() {
  register_kernel(OpId::kDrawableWeights, kCpu.type, drawable_weights_kernel);
}

}  // namespace tenon::cpu
