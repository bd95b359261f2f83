#include "tenon/backends/cpu/linalg/few_rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tenon/backends/cpu/linalg/pieces.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/parallel.h"
#include "tenon/base/small_array.h"

namespace tenon::cpu {
namespace {

// Less is read before another thread has heard of it.
constexpr int64_t kWorthSharing = 320 * 1024;

template <class T>
int64_t right_bytes(const Gemm<T>& g) {
  return g.k * g.n * static_cast<int64_t>(sizeof(T));
}

template <class T>
Gemm<T> as_row(const Gemm<T>& g) {
  return is_column(g) ? transposed(g) : g;
}

template <class T>
bool has_few_rows(const Gemm<T>& g) {
  const bool is_read_once = g.b_col_stride == 1 || g.b_row_stride == 1;
  return g.m <= kFewRows && is_read_once && std::min(g.k, g.n) >= 32;
}

/// The columns of a piece: so many that it is worth a hand-over, and that a row of a plain b is
/// read in long runs.
template <class T>
int64_t piece_columns(const Gemm<T>& g) {
  constexpr int64_t kPieceBytes = 128 * 1024;
  const int64_t wanted = kPieceBytes / (g.k * static_cast<int64_t>(sizeof(T)));
  const int64_t whole = g.b_col_stride == 1 ? 128 : 16;
  return (std::max<int64_t>(wanted, 1) + whole - 1) / whole * whole;
}

template <class T>
bool multiply(const Gemm<T>& given) {
  const Gemm<T> g = as_row(given);
  if (!has_few_rows(g)) return false;
  const int64_t columns = piece_columns(g);
  // A copy, so that another thread finds all it needs with one look.
  const auto run_pieces = [g](int64_t begin, int64_t end) {
    run_piece(piece_of(g, 0, g.m, begin, end - begin));
  };
  if (right_bytes(g) >= kWorthSharing) {
    parallel_for_shares(g.n, columns, run_pieces);
  } else {
    for (int64_t j = 0; j < g.n; j += columns) run_pieces(j, std::min(g.n, j + columns));
  }
  return true;
}

/// Products side by side, cut into pieces that are numbered through. Rows times the same matrix are
/// one member, which reads it once for all of them.
class Company {
 public:
  static constexpr size_t kMost = 8;

  bool is_full() const { return products_ == kMost; }
  void add(const Gemm<float>& g) {
    rows_[products_] = {g.a, g.c};
    next_row_[products_] = kNone;
    const size_t number = products_++;
    for (size_t i = 0; i < count_; ++i) {
      if (!can_share(members_[i].product, g)) continue;
      next_row_[std::exchange(members_[i].last_row, number)] = number;
      ++members_[i].rows;
      return;
    }
    const int64_t columns = piece_columns(g);
    members_[count_++] = {g, columns, pieces_, 1, number, number};
    pieces_ += (g.n + columns - 1) / columns;
    bytes_ += right_bytes(g);
  }
  void run() const {
    if (bytes_ < kWorthSharing) return (*this)(0, pieces_);
    parallel_for_shares(pieces_, 1, *this);
  }
  void operator()(int64_t begin, int64_t end) const {
    const Member* member = members_.data();
    for (int64_t piece = begin; piece < end; ++piece) {
      while (member + 1 < members_.data() + count_ && member[1].first_piece <= piece) ++member;
      const Gemm<float>& g = member->product;
      const int64_t j = (piece - member->first_piece) * member->columns;
      const Gemm<float> part = piece_of(g, 0, g.m, j, std::min(member->columns, g.n - j));
      if (member->rows == 1) {
        run_piece(part);
      } else {
        run_rows(*member, part, j);
      }
    }
  }

 private:
  static constexpr size_t kNone = kMost;
  struct Row {
    const float* a;
    float* c;
  };
  struct Member {
    Gemm<float> product;  ///< of the first row
    int64_t columns, first_piece, rows;
    size_t first_row, last_row;
  };

  static bool can_share(const Gemm<float>& a, const Gemm<float>& b) {
    return a.m == 1 && b.m == 1 && a.a_col_stride == 1 && b.a_col_stride == 1 && a.b == b.b &&
           a.n == b.n && a.k == b.k && a.b_row_stride == b.b_row_stride &&
           a.b_col_stride == b.b_col_stride && a.bias == b.bias && a.accumulate == b.accumulate;
  }

  /// The columns of `part`, from `j` on, of all of the member's rows: side by side, so that the
  /// kernels take them as one matrix.
  void run_rows(const Member& member, Gemm<float> part, int64_t j) const {
    static Scratch scratch;
    const auto k = static_cast<size_t>(part.k), n = static_cast<size_t>(part.n);
    auto* const a = scratch.get_array<float>(static_cast<size_t>(member.rows) * (k + n), "matmul");
    float* const c = a + static_cast<size_t>(member.rows) * k;
    size_t at = 0;
    const auto for_each_row = [&](auto body) {
      at = 0;
      for (size_t i = member.first_row; i != kNone; i = next_row_[i], ++at) body(rows_[i]);
    };
    for_each_row([&](const Row& row) {
      std::copy_n(row.a, k, a + at * k);
      if (part.accumulate) std::copy_n(row.c + j, n, c + at * n);
    });
    part.m = member.rows;
    part.a = a;
    part.a_row_stride = part.k;
    part.c = c;
    part.c_row_stride = part.n;
    gemv(part);
    for_each_row([&](const Row& row) { std::copy_n(c + at * n, n, row.c + j); });
  }

  std::array<Member, kMost> members_;
  std::array<Row, kMost> rows_;
  std::array<size_t, kMost> next_row_;  ///< of the same member; kNone: it is the last
  size_t count_ = 0, products_ = 0;
  int64_t pieces_ = 0, bytes_ = 0;
};

}  // namespace

bool multiply_few_rows(const Gemm<float>& g) { return multiply(g); }
bool multiply_few_rows(const Gemm<double>& g) { return multiply(g); }

namespace {

bool is_of_few_rows(const MatmulArgs& args) {
  return args.dtype == kFloat32 && args.batch == 1 && args.m > 0 && args.n > 0 && args.k > 0 &&
         has_few_rows(as_row(gemm_of<float>(args, 0)));
}

/// Too small to be shared out to threads, and large enough to be worth a hand-over.
bool is_for_one_thread(const MatmulArgs& args) {
  constexpr int64_t kLeastWork = int64_t{1} << 18, kMostWork = int64_t{1} << 20;
  const int64_t work = args.m * args.n * args.k;
  return args.batch == 1 && kLeastWork <= work && work < kMostWork;
}

}  // namespace

bool gains_by_company(const MatmulArgs& args) {
  return is_of_few_rows(args) || is_for_one_thread(args);
}

void matmul_together(std::span<const MatmulArgs> products) {
  Company company;
  SmallArray<const MatmulArgs*, 8> others;
  others.allocate(products.size());
  size_t count = 0;
  for (const MatmulArgs& args : products) {
    if (is_of_few_rows(args) && !company.is_full()) {
      company.add(as_row(gemm_of<float>(args, 0)));
    } else {
      others[count++] = &args;
    }
  }
  company.run();
  parallel_for(static_cast<int64_t>(count), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) matmul(*others[static_cast<size_t>(i)]);
  });
}

}  // namespace tenon::cpu
