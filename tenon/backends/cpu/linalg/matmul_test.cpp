#include "tenon/backends/cpu/linalg/matmul.h"

#include <gtest/gtest.h>

#include <hwy/targets.h>
#include <signal.h>
#include <sys/time.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

template <class T>
T draw(std::mt19937& random) {
  const double value = static_cast<double>(random() % 2001) / 1000.0 - 1.0;
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(random());
  } else if constexpr (is_complex(dtype_of<T>)) {
    using Part = typename T::value_type;
    return T(static_cast<Part>(value), static_cast<Part>(random() % 100) / Part(50));
  } else {
    return T(static_cast<float>(value));
  }
}

enum class Layout { kRows, kColumns, kPaddedRows, kStrided };

/// A matrix (one per batch element) in some memory layout.
template <class T>
struct Matrix {
  int64_t rows, cols, row_stride, col_stride, batch_stride;
  std::vector<T> data;

  Matrix(int64_t batch, int64_t rows, int64_t cols, Layout layout, std::mt19937& random)
      : rows(rows), cols(cols) {
    const int64_t pad = layout == Layout::kPaddedRows ? 5 : 0;
    const int64_t step = layout == Layout::kStrided ? 2 : 1;
    col_stride = layout == Layout::kColumns ? rows : step;
    row_stride = layout == Layout::kColumns ? 1 : (cols + pad) * step;
    batch_stride = rows * (cols + pad) * step;
    data.resize(static_cast<size_t>(batch * batch_stride));
    for (T& value : data) value = draw<T>(random);
  }
  T at(int64_t b, int64_t i, int64_t j) const {
    return data[static_cast<size_t>(b * batch_stride + i * row_stride + j * col_stride)];
  }
};

struct Case {
  int64_t batch, m, n, k;
  Layout a = Layout::kRows, b = Layout::kRows;
  bool bias = false, accumulate = false;
};

template <class T>
struct Problem {
  Case sizes;
  std::mt19937 random{7};
  Matrix<T> a, b, c, bias;
  explicit Problem(const Case& sizes)
      : sizes(sizes),
        a(sizes.batch, sizes.m, sizes.k, sizes.a, random),
        b(sizes.batch, sizes.k, sizes.n, sizes.b, random),
        c(sizes.batch, sizes.m, sizes.n, Layout::kPaddedRows, random),
        bias(1, 1, sizes.n, Layout::kRows, random) {}

  std::vector<T> run() const {
    std::vector<T> out = c.data;
    MatmulArgs args;
    args.dtype = dtype_of<T>;
    args.batch = sizes.batch;
    args.m = sizes.m;
    args.n = sizes.n;
    args.k = sizes.k;
    args.a = a.data.data();
    args.a_batch_stride = a.batch_stride;
    args.a_row_stride = a.row_stride;
    args.a_col_stride = a.col_stride;
    args.b = b.data.data();
    args.b_batch_stride = b.batch_stride;
    args.b_row_stride = b.row_stride;
    args.b_col_stride = b.col_stride;
    args.c = out.data();
    args.c_batch_stride = c.batch_stride;
    args.c_row_stride = c.row_stride;
    args.bias = sizes.bias ? bias.data.data() : nullptr;
    args.accumulate = sizes.accumulate;
    matmul(args);
    return out;
  }
};

/// The type that the oracle sums in.
template <class T>
using Exact =
    std::conditional_t<std::is_integral_v<T>, uint64_t,
                       std::conditional_t<is_complex(dtype_of<T>), std::complex<double>, double>>;

template <class T>
void expect_close(T got, Exact<T> want, double scale) {
  if constexpr (std::is_integral_v<T>) {
    ASSERT_EQ(got, static_cast<T>(want));
  } else {
    const double eps = std::is_same_v<T, Float16>           ? 0x1p-11
                       : std::is_same_v<T, BFloat16>        ? 0x1p-8
                       : size_of(real_of(dtype_of<T>)) == 4 ? 0x1p-23
                                                            : 0x1p-52;
    const double sum_eps = size_of(real_of(dtype_of<T>)) == 8 ? 0x1p-52 : 0x1p-23;
    ASSERT_LE(std::abs(Exact<T>(got) - want),
              eps * std::abs(want) + (is_complex(dtype_of<T>) ? 8 : 2) * sum_eps * scale);
  }
}

template <class T>
void check(const Case& sizes) {
  SCOPED_TRACE(testing::Message() << name_of(dtype_of<T>) << " batch " << sizes.batch << ", "
                                  << sizes.m << "x" << sizes.n << "x" << sizes.k << " layouts "
                                  << static_cast<int>(sizes.a) << static_cast<int>(sizes.b)
                                  << " bias " << sizes.bias << " accumulate " << sizes.accumulate);
  const Problem<T> problem(sizes);
  const std::vector<T> out = problem.run();
  std::vector<T> untouched = problem.c.data;
  for (int64_t s = 0; s < sizes.batch; ++s) {
    for (int64_t i = 0; i < sizes.m; ++i) {
      for (int64_t j = 0; j < sizes.n; ++j) {
        Exact<T> want = sizes.bias ? Exact<T>(problem.bias.at(0, 0, j)) : Exact<T>(0);
        if (sizes.accumulate) want += Exact<T>(problem.c.at(s, i, j));
        for (int64_t p = 0; p < sizes.k; ++p) {
          want += Exact<T>(problem.a.at(s, i, p)) * Exact<T>(problem.b.at(s, p, j));
        }
        const auto at =
            static_cast<size_t>(s * problem.c.batch_stride + i * problem.c.row_stride + j);
        expect_close<T>(out[at], want, 4.0 + 2.0 * static_cast<double>(sizes.k));
        untouched[at] = out[at];
      }
    }
  }
  EXPECT_TRUE(out.empty() || std::memcmp(untouched.data(), out.data(), out.size() * sizeof(T)) == 0)
      << "wrote between the rows of c";
}

constexpr Layout kLayouts[] = {Layout::kRows, Layout::kColumns, Layout::kPaddedRows,
                               Layout::kStrided};

template <class T>
class MatmulTest : public testing::Test {};
using Types =
    testing::Types<float, double, Float16, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t,
                   uint16_t, uint32_t, uint64_t, std::complex<float>, std::complex<double>>;
TYPED_TEST_SUITE(MatmulTest, Types);

TYPED_TEST(MatmulTest, SmallSizesInAllLayouts) {
  for (const Layout a : kLayouts) {
    for (const Layout b : kLayouts) {
      for (const auto& [m, n, k] : {std::array<int64_t, 3>{1, 1, 1},
                                    {16, 32, 32},
                                    {7, 19, 5},
                                    {1, 37, 41},
                                    {37, 1, 41},
                                    {13, 4, 33},
                                    {2, 9, 300}}) {
        check<TypeParam>({1, m, n, k, a, b});
        check<TypeParam>({3, m, n, k, a, b, true, true});
      }
    }
  }
}

TYPED_TEST(MatmulTest, LargerSizesInAllLayouts) {
  for (const Layout a : kLayouts) {
    for (const Layout b : kLayouts) check<TypeParam>({2, 97, 83, 70, a, b, true, a == b});
  }
}

TYPED_TEST(MatmulTest, ZeroSizes) {
  check<TypeParam>({1, 0, 4, 4});
  check<TypeParam>({1, 4, 0, 4});
  check<TypeParam>({0, 4, 4, 4});
  check<TypeParam>({1, 5, 7, 0});
  check<TypeParam>({2, 5, 7, 0, Layout::kRows, Layout::kRows, true, true});
}

TEST(Matmul, LargeProductsAreCutIntoPieces) {
  for (const Layout a : {Layout::kRows, Layout::kColumns, Layout::kStrided}) {
    for (const Layout b : {Layout::kRows, Layout::kColumns}) {
      check<float>({1, 301, 259, 270, a, b, true, false});
      check<double>({1, 301, 259, 270, a, b, false, true});
    }
  }
  check<float>({5, 130, 70, 128, Layout::kRows, Layout::kColumns});
  check<BFloat16>({9, 130, 70, 128, Layout::kRows, Layout::kColumns, true, true});
  check<float>({1, 1, 3000, 700, Layout::kRows, Layout::kColumns, true, false});
  check<float>({1, 3000, 1, 700, Layout::kRows, Layout::kRows, true, false});
  check<double>({1, 1, 3000, 700, Layout::kRows, Layout::kRows, false, true});
  check<float>({1, 20, 24, 20000, Layout::kColumns, Layout::kRows, true, true});
}

/// Few rows, or columns, with a matrix of which each thread has its share.
TEST(Matmul, FewRowsTimesALargeMatrix) {
  for (const int64_t m : {1, 2, 3, 5, 7, 8}) {
    for (const Layout b : {Layout::kRows, Layout::kColumns, Layout::kPaddedRows}) {
      check<float>({1, m, 459, 301, Layout::kRows, b, true, m % 2 == 0});
      check<double>({1, m, 259, 301, Layout::kRows, b, true, m % 2 == 0});
      check<BFloat16>({1, m, 259, 301, Layout::kRows, b, true, m % 2 == 0});
      check<Float16>({1, m, 130, 301, Layout::kColumns, b, false, m % 2 == 0});
    }
    check<float>({1, 459, m, 301, Layout::kRows, Layout::kColumns});
    check<BFloat16>({1, 130, m, 301, Layout::kRows, Layout::kColumns});
  }
  check<BFloat16>({1, 4, 70, 33, Layout::kStrided, Layout::kColumns, true, true});
}

/// Of halves that are large enough to be copied into pieces without gaps.
TEST(Matmul, LargeHalvesInAllLayouts) {
  for (const Layout a : {Layout::kRows, Layout::kColumns, Layout::kPaddedRows}) {
    for (const Layout b : {Layout::kRows, Layout::kColumns, Layout::kPaddedRows}) {
      check<BFloat16>({1, 200, 170, 513, a, b, true, false});
    }
  }
  check<BFloat16>({3, 130, 129, 512, Layout::kColumns, Layout::kRows});
  check<BFloat16>({1, 200, 170, 513, Layout::kColumns, Layout::kRows, true, true});
  check<Float16>({1, 129, 130, 520, Layout::kColumns, Layout::kRows, true, false});
}

TEST(Matmul, EveryInstructionSetOfTheMachine) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (const Layout a : kLayouts) {
      for (const Layout b : kLayouts) {
        for (const int64_t k : {int64_t{33}, int64_t{300}}) {
          check<float>({1, 19, 37, k, a, b, true, true});
          check<double>({1, 19, 37, k, a, b});
          check<Float16>({1, 19, 37, k, a, b});
          check<BFloat16>({1, 19, 37, k, a, b});
        }
        check<double>({1, 70, 80, 90, a, b, true, true});
        check<float>({1, 1, 150, 90, a, b});
        for (const int64_t m : {1, 4, 8}) {
          check<float>({1, m, 39, 203, a, b, true, true});
          check<double>({1, m, 39, 203, a, b});
          check<BFloat16>({1, m, 39, 203, a, b, true, true});
          check<Float16>({1, m, 39, 203, a, b});
        }
      }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST(Matmul, BroadcastOperandHasZeroBatchStride) {
  const std::vector<float> a = {1, 2, 3, 4}, b = {5, 6, 7, 8};
  std::vector<float> c(8);
  MatmulArgs args;
  args.batch = 2;
  args.m = args.n = args.k = 2;
  args.a = a.data();
  args.b = b.data();
  args.c = c.data();
  args.a_row_stride = args.b_row_stride = args.c_row_stride = 2;
  args.c_batch_stride = 4;
  matmul(args);
  EXPECT_EQ(c, (std::vector<float>{19, 22, 43, 50, 19, 22, 43, 50}));
}

TEST(Matmul, InfinitiesAndNaNsPassThrough) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> a = {infinity, 1, NAN, 0}, b = {1, 0, 0, 1};
  std::vector<float> c(4);
  MatmulArgs args;
  args.m = args.n = args.k = 2;
  args.a = a.data();
  args.b = b.data();
  args.c = c.data();
  args.a_row_stride = args.b_row_stride = args.c_row_stride = 2;
  matmul(args);
  EXPECT_EQ(c[0], infinity);
  EXPECT_TRUE(std::isnan(c[1]));  // infinity * 0
  EXPECT_TRUE(std::isnan(c[2]));
  EXPECT_TRUE(std::isnan(c[3]));
}

TEST(Matmul, RefusesBool) {
  MatmulArgs args;
  args.dtype = kBool;
  args.m = args.n = args.k = 1;
  EXPECT_THROW(matmul(args), DTypeError);
}

template <class T>
void expect_same_bits_for_any_threads(const Case& sizes) {
  const Problem<T> problem(sizes);
  const int before = num_threads();
  set_num_threads(1);
  const std::vector<T> one = problem.run();
  for (const int threads : {2, 8}) {
    set_num_threads(threads);
    const std::vector<T> many = problem.run();
    EXPECT_EQ(std::memcmp(one.data(), many.data(), one.size() * sizeof(T)), 0)
        << name_of(dtype_of<T>) << " " << sizes.m << "x" << sizes.n << "x" << sizes.k << ", "
        << threads << " threads";
  }
  set_num_threads(before);
}

TEST(Matmul, SameBitsForAnyNumberOfThreads) {
  for (const Layout a : {Layout::kRows, Layout::kColumns}) {
    for (const Layout b : {Layout::kRows, Layout::kColumns}) {
      for (const Case& sizes :
           {Case{1, 256, 256, 256, a, b}, Case{1, 64, 128, 784, a, b}, Case{1, 33, 65, 3000, a, b},
            Case{4, 100, 90, 80, a, b}, Case{1, 8, 9, 30000, a, b}, Case{1, 1, 2000, 500, a, b},
            Case{1, 7, 900, 300, a, b}}) {
        expect_same_bits_for_any_threads<float>(sizes);
        expect_same_bits_for_any_threads<double>(sizes);
        expect_same_bits_for_any_threads<BFloat16>(sizes);
      }
    }
  }
}

volatile sig_atomic_t signals_handled = 0;

TEST(Matmul, SignalsMayComeMeanwhile) {
  // On one thread, which then is the one that handles them. Without care the handler's frame lands
  // in the product's memory.
  Problem<float> problem({1, 1500, 1500, 1500, Layout::kRows, Layout::kRows});
  const int before = num_threads();
  set_num_threads(1);
  const std::vector<float> quiet = problem.run();
  struct sigaction action {
  }, action_before{};
  action.sa_handler = [](int) { signals_handled = signals_handled + 1; };
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, &action_before);
  const itimerval every_millisecond{{0, 1000}, {0, 1000}}, never{};
  setitimer(ITIMER_REAL, &every_millisecond, nullptr);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(problem.run(), quiet);
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &action_before, nullptr);
  set_num_threads(before);
  EXPECT_GT(signals_handled, 0);
}

}  // namespace
}  // namespace tenon::cpu
