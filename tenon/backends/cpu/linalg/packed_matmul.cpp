#include "tenon/backends/cpu/linalg/packed_matmul.h"

#include <algorithm>
#include <cstring>

#include "tenon/backends/cpu/dnnl/matmul.h"
#include "tenon/backends/cpu/linalg/pieces.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kMostRows = 128;

/// The product in pieces of whole rows, each with a part of the packed operand.
class Pieces {
 public:
  explicit Pieces(const MatmulArgs& args) : args_(args) {
    constexpr int64_t kWanted = 8, kNarrow = 32, kWide = 64, kFewColumns = 256;
    const int64_t whole = args.n <= kFewColumns ? kNarrow : kWide;
    columns_ = std::max<int64_t>(1, (args.n + kWanted * whole - 1) / (kWanted * whole)) * whole;
    count_ = (args.n + columns_ - 1) / columns_;
  }

  /// 0 where oneDNN has no fast kernel for one of them.
  size_t part_bytes() const {
    const size_t bytes = onednn_packed_bytes(piece(0));
    const size_t last = onednn_packed_bytes(piece(count_ - 1));
    return bytes == 0 || last == 0 ? 0 : (std::max(bytes, last) + 63) / 64 * 64;
  }
  size_t bytes() const { return part_bytes() * static_cast<size_t>(count_); }

  void pack(void* packed) const {
    parallel_for(count_, 1, [&, bytes = part_bytes()](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        onednn_pack(piece(i), static_cast<char*>(packed) + bytes * static_cast<size_t>(i));
      }
    });
  }

  /// `packed`: null where b is read as it is.
  void run(const void* packed) const {
    const size_t bytes = packed ? part_bytes() : 0;
    parallel_for_shares(count_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        run_one(i, packed ? static_cast<const char*>(packed) + bytes * static_cast<size_t>(i)
                          : nullptr);
      }
    });
  }

 private:
  /// Its result lies without gaps, as the fast kernels want it.
  MatmulArgs piece(int64_t i) const {
    const int64_t first = i * columns_, size = static_cast<int64_t>(size_of(args_.dtype));
    MatmulArgs part = args_;
    part.n = std::min(columns_, args_.n - first);
    part.b = static_cast<const char*>(args_.b) + first * args_.b_col_stride * size;
    part.c = static_cast<char*>(args_.c) + first * size;
    if (args_.bias) part.bias = static_cast<const char*>(args_.bias) + first * size;
    part.c_row_stride = part.n;
    return part;
  }

  void run_one(int64_t i, const void* packed) const {
    static Scratch scratch;
    MatmulArgs part = piece(i);
    const auto row = static_cast<size_t>(part.n) * size_of(part.dtype);
    char* const to = static_cast<char*>(part.c);
    if (count_ > 1) part.c = scratch.get(row * static_cast<size_t>(part.m), "matmul");
    if (packed) {
      onednn_matmul_packed(part, packed);
    } else {
      onednn_matmul(part);
    }
    if (count_ == 1) return;
    const size_t stride = static_cast<size_t>(args_.c_row_stride) * size_of(part.dtype);
    for (int64_t r = 0; r < part.m; ++r) {
      const auto at = static_cast<size_t>(r);
      std::memcpy(to + at * stride, static_cast<const char*>(part.c) + at * row, row);
    }
  }

  const MatmulArgs& args_;
  int64_t columns_, count_;
};

/// Float32 gains only where the columns of b lie along k, as those of a linear layer's weight do,
/// and there are enough of them: packed, narrow pieces take twice the memory.
bool gains(const MatmulArgs& args) {
  constexpr int64_t kSmallest = 64, kManyColumns = 256;
  const bool has_kernel =
      args.dtype == kBFloat16 || args.dtype == kFloat16 ||
      (args.dtype == kFloat32 && args.b_col_stride != 1 && args.n > kManyColumns);
  return has_kernel && args.batch == 1 && !args.accumulate && args.m > kFewRows &&
         args.m <= kMostRows && std::min(args.n, args.k) >= kSmallest &&
         args.m * args.n * args.k > 64 * 64 * 64 && args.a_col_stride == 1 &&
         args.a_row_stride == args.k && args.c_row_stride == args.n && onednn_can_multiply(args);
}

}  // namespace

bool multiply_some_rows(const MatmulArgs& args) {
  if (args.dtype != kFloat32 || !gains(args)) return false;
  const Pieces pieces(args);
  if (pieces.bytes() == 0) return false;
  pieces.run(nullptr);
  return true;
}

size_t packed_bytes(const MatmulArgs& args) { return gains(args) ? Pieces(args).bytes() : 0; }

void pack(const MatmulArgs& args, void* packed) { Pieces(args).pack(packed); }

void matmul_packed(const MatmulArgs& args, const void* packed) { Pieces(args).run(packed); }

}  // namespace tenon::cpu
