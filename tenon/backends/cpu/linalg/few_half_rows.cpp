#include "tenon/backends/cpu/linalg/few_half_rows.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "tenon/backends/cpu/linalg/dots.h"
#include "tenon/backends/cpu/linalg/half_convert.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

int64_t round_up(int64_t a, int64_t b) { return (a + b - 1) / b * b; }

/// Whether the transposed product writes a row: c is one column without gaps.
bool is_column(const MatmulArgs& args) {
  return args.n == 1 && args.m > 1 && args.c_row_stride == 1 && !args.bias;
}

MatmulArgs transposed(MatmulArgs args) {
  std::swap(args.m, args.n);
  std::swap(args.a, args.b);
  std::swap(args.a_row_stride, args.b_col_stride);
  std::swap(args.a_col_stride, args.b_row_stride);
  args.c_row_stride = args.n;
  return args;
}

/// The rows of a as floats, in the order that `gemm_dots` wants, with zeros at their ends.
template <class Half>
const float* widen_rows(const MatmulArgs& args, int64_t row_size) {
  constexpr int64_t kParts = std::is_same_v<Half, BFloat16> ? 2 : 1;
  static Scratch scratch;
  auto* rows = scratch.get_array<float>(static_cast<size_t>(args.m * row_size), "matmul");
  std::fill_n(rows, args.m * row_size, 0.0f);
  for (int64_t i = 0; i < args.m; ++i) {
    const auto* from = static_cast<const Half*>(args.a) + i * args.a_row_stride;
    float* const to = rows + i * row_size;
    for (int64_t p = 0; p < args.k; ++p) {
      to[p % kParts * (row_size / kParts) + p / kParts] = from[p * args.a_col_stride];
    }
  }
  return rows;
}

constexpr int64_t kFewRows = 8;
constexpr int64_t kBlock = 64;  // columns whose sums are floats at a time

/// The columns [begin, end): sums in float, rounded once.
template <class Half>
void run_columns(const MatmulArgs& args, Gemm<float, Half> g, int64_t begin, int64_t end) {
  alignas(64) float sums[kFewRows * kBlock];
  alignas(64) float bias[kBlock];
  const auto dtype = args.dtype;
  for (int64_t j = begin; j < end; j += kBlock) {
    g.n = std::min(kBlock, end - j);
    g.b = static_cast<const Half*>(args.b) + j * g.b_col_stride;
    g.c = sums;
    if (args.bias) {
      half_to_float(dtype, static_cast<const Half*>(args.bias) + j, bias, g.n);
      g.bias = bias;
    }
    auto* const c = static_cast<Half*>(args.c) + j;
    for (int64_t i = 0; args.accumulate && i < g.m; ++i) {
      half_to_float(dtype, c + i * args.c_row_stride, sums + i * kBlock, g.n);
    }
    gemm_dots(g);
    for (int64_t i = 0; i < g.m; ++i) {
      float_to_half(dtype, sums + i * kBlock, c + i * args.c_row_stride, g.n);
    }
  }
}

template <class Half>
void run(const MatmulArgs& args) {
  const int64_t row_size = round_up(args.k, 2 * kDotsPadding);
  const Gemm<float, Half> g{args.m,
                            args.n,
                            args.k,
                            widen_rows<Half>(args, row_size),
                            row_size,
                            1,
                            nullptr,
                            1,
                            args.b_col_stride,
                            nullptr,
                            kBlock,
                            nullptr,
                            args.accumulate};
  constexpr int64_t kPieceBytes = 64 * 1024;
  const int64_t columns = kPieceBytes / (args.k * static_cast<int64_t>(sizeof(Half)));
  const int64_t grain = round_up(std::max<int64_t>(columns, 1), kBlock);
  parallel_for_shares(args.n, grain, [g, args](int64_t begin, int64_t end) {
    run_columns<Half>(args, g, begin, end);
  });
}

}  // namespace

bool multiply_few_half_rows(const MatmulArgs& given) {
  if (given.batch != 1) return false;
  const MatmulArgs args = is_column(given) ? transposed(given) : given;
  if (args.m > kFewRows || args.b_row_stride != 1 || args.k < 32) return false;
  if (args.dtype == kBFloat16) {
    run<BFloat16>(args);
  } else {
    run<Float16>(args);
  }
  return true;
}

}  // namespace tenon::cpu
