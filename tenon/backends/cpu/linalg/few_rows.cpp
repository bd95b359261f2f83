#include "tenon/backends/cpu/linalg/few_rows.h"

#include <algorithm>
#include <array>

#include "tenon/backends/cpu/linalg/pieces.h"
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

/// Products side by side, cut into pieces that are numbered through.
class Company {
 public:
  static constexpr size_t kMost = 8;

  bool is_full() const { return count_ == kMost; }
  void add(const Gemm<float>& g) {
    const int64_t columns = piece_columns(g);
    members_[count_++] = {g, columns, pieces_};
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
      run_piece(piece_of(g, 0, g.m, j, std::min(member->columns, g.n - j)));
    }
  }

 private:
  struct Member {
    Gemm<float> product;
    int64_t columns, first_piece;
  };

  std::array<Member, kMost> members_;
  size_t count_ = 0;
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
