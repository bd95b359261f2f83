#include "tenon/backends/cpu/linalg/matmul.h"

#include <algorithm>
#include <cstring>

#include "tenon/backends/cpu/dnnl/matmul.h"
#include "tenon/backends/cpu/linalg/dots.h"
#include "tenon/backends/cpu/linalg/few_half_rows.h"
#include "tenon/backends/cpu/linalg/few_rows.h"
#include "tenon/backends/cpu/linalg/gemm.h"
#include "tenon/backends/cpu/linalg/half_convert.h"
#include "tenon/backends/cpu/linalg/matmul_plain.h"
#include "tenon/backends/cpu/linalg/packed_matmul.h"
#include "tenon/backends/cpu/linalg/pieces.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/backends/cpu/linalg/transpose.h"
#include "tenon/base/error.h"
#include "tenon/base/integers.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

// Multiply-adds. Up to kDirectWork the direct kernel on one thread is as fast as a library call;
// a chunk of less than kChunkWork isn't worth a thread of its own.
constexpr int64_t kDirectWork = 64 * 64 * 64;
constexpr int64_t kChunkWork = 512 * 1024;

int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

/// How the result is cut into pieces that run on one thread each. Depends on the sizes alone, so
/// that the bits don't depend on the number of threads.
struct Chunks {
  int64_t rows, cols;                    // of one piece
  int64_t row_count = 1, col_count = 1;  // pieces along m and n

  Chunks(int64_t batch, int64_t m, int64_t n, int64_t k) : rows(m), cols(n) {
    constexpr int64_t kPieces = 16, kMostPieces = 128, kRoomy = 512, kSmallest = 48;
    // A tall piece reuses the packed columns of b best: 64 x 32 runs a third faster than 32 x 32
    // and half faster than 32 x 64 (k = 9216, b transposed, AVX-512).
    constexpr int64_t kTallRows = 64, kTallCols = 32;
    const auto is_cut_further = [&] {
      const int64_t pieces = batch * row_count * col_count;
      if (rows * cols * k < 2 * kChunkWork || std::max(rows, cols) < kSmallest) return false;
      if (rows <= kTallRows && cols <= kTallCols && rows >= cols) return false;
      return pieces < kPieces || (pieces < kMostPieces && std::min(rows, cols) >= kRoomy);
    };
    while (is_cut_further()) {
      if (rows >= 2 * cols) {
        rows = round_up(ceil_div(rows, 2), 8);
      } else {
        cols = round_up(ceil_div(cols, 2), 16);
      }
      row_count = ceil_div(m, rows);
      col_count = ceil_div(n, cols);
    }
  }
};

}  // namespace

template <class T>
void run_piece(const Gemm<T>& g) {
  if (g.m == 1) return gemv(g);
  if (g.m <= kFewRows && g.k >= kLongDots && lies_along_depth(g)) return gemm_dots(g);
  if (g.k == 0 || g.m * g.n * g.k <= kDirectWork) return gemm_direct(g);
  if constexpr (sizeof(T) == 4) {
    MatmulArgs args{kFloat32,
                    1,
                    g.m,
                    g.n,
                    g.k,
                    g.a,
                    0,
                    g.a_row_stride,
                    g.a_col_stride,
                    g.b,
                    0,
                    g.b_row_stride,
                    g.b_col_stride,
                    g.c,
                    0,
                    g.c_row_stride,
                    g.bias,
                    g.accumulate};
    if (onednn_can_multiply(args) && onednn_matmul(args)) return;
  }
  gemm_packed(g);
}

template void run_piece(const Gemm<float>&);
template void run_piece(const Gemm<double>&);

namespace {

template <class T>
void run_batch_element(const Gemm<T>& g) {
  run_piece(is_column(g) ? transposed(g) : g);
}

template <class T>
void matmul_real(const MatmulArgs& args) {
  if (args.batch == 1 && multiply_few_rows(gemm_of<T>(args, 0))) return;
  const int64_t work = args.m * args.n * args.k;
  if (work <= kDirectWork) {
    if (args.batch == 1) return run_batch_element(gemm_of<T>(args, 0));
    const int64_t grain = std::max<int64_t>(1, kDirectWork / std::max<int64_t>(work, 1));
    return parallel_for(args.batch, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) run_batch_element(gemm_of<T>(args, i));
    });
  }
  const bool column = is_column(gemm_of<T>(args, 0));
  const int64_t m = column ? args.n : args.m, n = column ? args.m : args.n;
  const Chunks chunks(args.batch, m, n, args.k);
  const int64_t pieces = chunks.row_count * chunks.col_count;
  parallel_for(args.batch * pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      Gemm<T> g = gemm_of<T>(args, piece / pieces);
      if (column) g = transposed(g);
      const int64_t i = piece % pieces / chunks.col_count * chunks.rows;
      const int64_t j = piece % pieces % chunks.col_count * chunks.cols;
      run_piece(piece_of(g, i, std::min(chunks.rows, m - i), j, std::min(chunks.cols, n - j)));
    }
  });
}

/// Rows of a strided matrix of halves as a dense one of floats.
void widen(DType dtype, const void* from, int64_t row_stride, int64_t col_stride, int64_t rows,
           int64_t cols, float* to) {
  const auto* halves = static_cast<const uint16_t*>(from);
  parallel_for(rows, std::max<int64_t>(1, 16384 / std::max<int64_t>(cols, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const uint16_t* row = halves + i * row_stride;
                   if (col_stride == 1) {
                     half_to_float(dtype, row, to + i * cols, cols);
                     continue;
                   }
                   for (int64_t j = 0; j < cols; ++j) {
                     half_to_float(dtype, row + j * col_stride, to + i * cols + j, 1);
                   }
                 }
               });
}

/// A transposed matrix stays transposed: its contiguous side is the one that is converted along.
void widen_operand(DType dtype, const void* from, int64_t& row_stride, int64_t& col_stride,
                   int64_t rows, int64_t cols, float* to) {
  if (row_stride == 1 && col_stride != 1) {
    widen(dtype, from, col_stride, row_stride, cols, rows, to);
    col_stride = rows;
  } else {
    widen(dtype, from, row_stride, col_stride, rows, cols, to);
    row_stride = cols;
    col_stride = 1;
  }
}

void matmul_half_by_float(const MatmulArgs& args) {
  static Scratch scratch;
  const int64_t a_size = args.m * args.k, b_size = args.k * args.n, c_size = args.m * args.n;
  float* a =
      scratch.get_array<float>(static_cast<size_t>(a_size + b_size + c_size + args.n), "matmul");
  float* b = a + a_size;
  float* c = b + b_size;
  float* bias = c + c_size;
  MatmulArgs wide = args;
  wide.dtype = kFloat32;
  widen_operand(args.dtype, args.a, wide.a_row_stride, wide.a_col_stride, args.m, args.k, a);
  widen_operand(args.dtype, args.b, wide.b_row_stride, wide.b_col_stride, args.k, args.n, b);
  if (args.bias) half_to_float(args.dtype, args.bias, bias, args.n);
  if (args.accumulate) widen(args.dtype, args.c, args.c_row_stride, 1, args.m, args.n, c);
  wide.a = a;
  wide.b = b;
  wide.c = c;
  wide.c_row_stride = args.n;
  wide.bias = args.bias ? bias : nullptr;
  matmul_real<float>(wide);
  auto* halves = static_cast<uint16_t*>(args.c);
  parallel_for(args.m, std::max<int64_t>(1, 16384 / args.n), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float_to_half(args.dtype, c + row * args.n, halves + row * args.c_row_stride, args.n);
    }
  });
}

MatmulArgs batch_element(const MatmulArgs& args, int64_t i) {
  MatmulArgs one = args;
  const auto size = static_cast<int64_t>(size_of(args.dtype));
  one.batch = 1;
  one.a = static_cast<const char*>(args.a) + i * args.a_batch_stride * size;
  one.b = static_cast<const char*>(args.b) + i * args.b_batch_stride * size;
  one.c = static_cast<char*>(args.c) + i * args.c_batch_stride * size;
  return one;
}

/// A large batch runs its elements side by side, a small one the pieces of each.
void matmul_halves_by_floats(const MatmulArgs& args) {
  constexpr int64_t kLargeBatch = 8;
  const int64_t grain = args.batch >= kLargeBatch ? 1 : args.batch;
  parallel_for(args.batch, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) matmul_half_by_float(batch_element(args, i));
  });
}

/// Halves [m, k] times [k, n] in oneDNN's own half precision, in pieces. Its fast kernels (AMX)
/// take operands and results without gaps only, which pieces of a matrix have: large ones are
/// copied. 512 x 256 x 2048 on one thread: 1650 GF/s without gaps, 850 with them.
class HalfMatmul {
 public:
  explicit HalfMatmul(const MatmulArgs& args)
      : args_(args), chunks_(args.batch, args.m, args.n, args.k), dense_(is_dense(args)) {
    if (dense_ && args.a_col_stride != 1) turn_left();
  }

  /// Whether each element is used so often that copies are won back.
  static bool is_dense(const MatmulArgs& args) {
    constexpr int64_t kManyUses = 512, kManyRows = 128;
    return args.k >= kManyUses && args.m >= kManyRows && args.n >= kManyRows && !args.accumulate;
  }

  /// Pieces of one column follow each other: those that one thread takes share its copy.
  void run() const {
    constexpr int64_t kTasks = 16;
    const int64_t count = args_.batch * chunks_.row_count * chunks_.col_count;
    const int64_t together = std::clamp<int64_t>(count / kTasks, 1, chunks_.row_count);
    parallel_for(count, together, [&](int64_t begin, int64_t end) {
      int64_t copied = -1;
      for (int64_t piece = begin; piece < end; ++piece) run_piece(piece, copied);
    });
  }

 private:
  /// The left operand row by row, where it came column by column.
  void turn_left() {
    static Scratch scratch;
    const int64_t m = args_.m, k = args_.k, blocks = chunks_.row_count;
    const int64_t size = (args_.a_batch_stride == 0 ? 1 : args_.batch) * m * k;
    auto* rows = scratch.get_array<uint16_t>(static_cast<size_t>(size), "matmul");
    parallel_for(size / (m * k) * blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % blocks * chunks_.rows, count = std::min(chunks_.rows, m - first);
        const auto* from =
            static_cast<const uint16_t*>(args_.a) + i / blocks * args_.a_batch_stride + first;
        transpose(from, k, count, args_.a_col_stride, rows + i / blocks * m * k + first * k, k);
      }
    });
    args_.a = rows;
    args_.a_batch_stride = args_.a_batch_stride == 0 ? 0 : m * k;
    args_.a_row_stride = k;
    args_.a_col_stride = 1;
  }

  /// `copied`: the column part whose copy this thread has, -1 for none.
  void run_piece(int64_t piece, int64_t& copied) const {
    const int64_t column = piece / chunks_.row_count;
    const int64_t i = piece % chunks_.row_count * chunks_.rows;
    const int64_t j = column % chunks_.col_count * chunks_.cols;
    const Gemm<uint16_t> g =
        piece_of(gemm_of<uint16_t>(args_, column / chunks_.col_count), i,
                 std::min(chunks_.rows, args_.m - i), j, std::min(chunks_.cols, args_.n - j));
    MatmulArgs part = args_;
    part.done = nullptr;
    part.batch = 1;
    part.m = g.m;
    part.n = g.n;
    part.a = g.a;
    part.b = g.b;
    part.c = g.c;
    part.bias = g.bias;
    if (!dense_) {
      if (!onednn_matmul(part)) matmul_half_by_float(part);
      return;
    }
    const MatmulArgs made = run_dense(part, column, copied);
    const bool is_elsewhere = made.c != part.c;
    if (is_elsewhere && !args_.done_alone) {
      copy_rows(made.c, part.n, part.m, part.n, part.c, part.c_row_stride);
    }
    if (args_.done) (*args_.done)({i, part.m, j, part.n, made.c, made.c_row_stride});
  }

  static void copy_rows(const void* from, int64_t from_stride, int64_t rows, int64_t size, void* to,
                        int64_t to_stride) {
    for (int64_t i = 0; i < rows; ++i) {
      std::memcpy(static_cast<uint16_t*>(to) + i * to_stride,
                  static_cast<const uint16_t*>(from) + i * from_stride,
                  static_cast<size_t>(size) * sizeof(uint16_t));
    }
  }

  /// As it ran, without gaps; the result may be in the thread's own memory.
  static MatmulArgs run_dense(MatmulArgs part, int64_t column, int64_t& copied) {
    static Scratch left, right, result;
    const int64_t m = part.m, n = part.n, k = part.k;
    if (part.a_row_stride != k) {
      auto* a = left.get_array<uint16_t>(static_cast<size_t>(m * k), "matmul");
      copy_rows(part.a, part.a_row_stride, m, k, a, k);
      part.a = a;
      part.a_row_stride = k;
    }
    // Row by row, or the transpose of that.
    const bool turned = part.b_col_stride != 1;
    const int64_t rows = turned ? n : k, size = turned ? k : n;
    int64_t& stride = turned ? part.b_col_stride : part.b_row_stride;
    if (stride != size) {
      auto* b = right.get_array<uint16_t>(static_cast<size_t>(n * k), "matmul");
      if (copied != column) copy_rows(part.b, stride, rows, size, b, size);
      copied = column;
      part.b = b;
      stride = size;
    }
    if (part.c_row_stride != n) {
      part.c = result.get_array<uint16_t>(static_cast<size_t>(m * n), "matmul");
      part.c_row_stride = n;
    }
    if (!onednn_matmul(part)) matmul_half_by_float(part);
    return part;
  }

  MatmulArgs args_;
  Chunks chunks_;
  bool dense_;
};

}  // namespace

bool runs_in_blocks(const MatmulArgs& args) {
  const bool is_half = args.dtype == kFloat16 || args.dtype == kBFloat16;
  return is_half && args.batch == 1 && HalfMatmul::is_dense(args) && onednn_can_multiply(args);
}

void matmul(const MatmulArgs& args) {
  if (args.batch <= 0 || args.m <= 0 || args.n <= 0) return;
  if (args.dtype == kFloat32) {
    if (!multiply_some_rows(args)) matmul_real<float>(args);
    return;
  }
  if (args.dtype == kFloat64) return matmul_real<double>(args);
  if (args.dtype == kFloat16 || args.dtype == kBFloat16) {
    const bool small = args.m * args.n * args.k <= kDirectWork;
    const bool library = !small && onednn_can_multiply(args);
    // One long row is what oneDNN multiplies faster: 1024 x 1024 in 14 us instead of 19.
    if (!(library && std::min(args.m, args.n) == 1) && multiply_few_half_rows(args)) return;
    if (library) return HalfMatmul(args).run();
    return matmul_halves_by_floats(args);
  }
  if (args.dtype == kBool) {
    fail<DTypeError>("matmul", "expected numbers, got bool; convert to an integer or float dtype");
  }
  matmul_plain(args);
}

}  // namespace tenon::cpu
