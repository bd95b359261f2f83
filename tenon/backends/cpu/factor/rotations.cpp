// How many rotations of rows are made at a time (Van Zee, van de Geijn and Quintana-Orti, 2014:
// "Restructuring the tridiagonal and bidiagonal QR algorithms for performance").

#include "tenon/backends/cpu/factor/rotations.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/factor/rotations.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tenon/backends/cpu/linalg/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu {
namespace HWY_NAMESPACE {
namespace {

constexpr int64_t kSweeps = Rotations::kTogether;

/// What vectors are turned by. Numbers (real, imaginary) times i `imaginary` are the exchanged
/// parts of them times `across`.
template <class D, bool kComplex>
struct Turning {
  using V = hn::Vec<D>;
  V cosine, sine, across;

  explicit Turning(const double* turn)
      : cosine(hn::Set(D(), turn[0])), sine(hn::Set(D(), turn[1])) {
    if constexpr (kComplex) across = hn::OddEven(hn::Set(D(), turn[2]), hn::Set(D(), -turn[2]));
  }
  HWY_INLINE void apply(V& x, V& y) const {
    const V from_x = x, from_y = y;
    x = hn::MulAdd(sine, from_y, hn::Mul(cosine, from_x));
    y = hn::NegMulAdd(sine, from_x, hn::Mul(cosine, from_y));
    if constexpr (kComplex) {
      x = hn::MulAdd(across, hn::Reverse2(D(), from_y), x);
      y = hn::MulAdd(across, hn::Reverse2(D(), from_x), y);
    }
  }
};

/// Numbers that make a rotation.
template <bool kComplex>
inline constexpr int64_t kNumbers = kComplex ? 3 : 2;

/// Columns of kVectors vectors (`kPart`: the first `count` lanes of one). At step t sweep s makes
/// its rotation t - s: of the kSweeps + 1 rows in the registers the last one is row t + 1.
template <bool kComplex, int kVectors, bool kPart>
void turn_columns(const double* turns, int64_t begin, int64_t end, double* data, int64_t stride,
                  int64_t count) {
  const Tag<double> d;
  using V = hn::Vec<Tag<double>>;
  constexpr int64_t kLanes = lanes<double>();
  const auto mask = hn::FirstN(d, static_cast<size_t>(count));
  const auto load = [&](int64_t row, int64_t v) {
    const double* from = data + row * stride + v * kLanes;
    return kPart ? load_first(from, mask, count) : hn::LoadU(d, from);
  };
  const auto store = [&](V value, int64_t row, int64_t v) {
    double* to = data + row * stride + v * kLanes;
    kPart ? store_first(value, to, mask, count) : hn::StoreU(value, d, to);
  };
  V rows[kSweeps + 1][kVectors];  // all loops over them are written out: they are registers
#pragma GCC unroll 8
  for (int64_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
    for (int64_t r = 0; r <= kSweeps; ++r) rows[r][v] = hn::Zero(d);
    rows[kSweeps - 1][v] = load(begin, v);
  }
  for (int64_t t = begin; t < end + kSweeps; ++t, turns += kNumbers<kComplex> * kSweeps) {
    if (t < end) {
#pragma GCC unroll 8
      for (int64_t v = 0; v < kVectors; ++v) rows[kSweeps][v] = load(t + 1, v);
    }
#pragma GCC unroll 8
    for (int64_t s = 0; s < kSweeps; ++s) {
      const Turning<Tag<double>, kComplex> turning(turns + kNumbers<kComplex> * s);
#pragma GCC unroll 8
      for (int64_t v = 0; v < kVectors; ++v) {
        turning.apply(rows[kSweeps - 1 - s][v], rows[kSweeps - s][v]);
      }
    }
    const int64_t done = t + 1 - kSweeps;
#pragma GCC unroll 8
    for (int64_t v = 0; v < kVectors; ++v) {
      if (done >= begin) store(rows[0][v], done, v);
#pragma GCC unroll 8
      for (int64_t r = 0; r < kSweeps; ++r) rows[r][v] = rows[r + 1][v];
    }
  }
}

constexpr int64_t kStrip = HWY_TARGET <= HWY_AVX3 ? 4 : 2;

template <bool kComplex>
void turn_strips(const double* turns, int64_t begin, int64_t end, double* data, int64_t stride,
                 int64_t width) {
  constexpr int64_t kLanes = lanes<double>();
  int64_t at = 0;
  for (; at + kStrip * kLanes <= width; at += kStrip * kLanes) {
    turn_columns<kComplex, kStrip, false>(turns, begin, end, data + at, stride, kLanes);
  }
  for (; at + kLanes <= width; at += kLanes) {
    turn_columns<kComplex, 1, false>(turns, begin, end, data + at, stride, kLanes);
  }
  if (at < width) {
    turn_columns<kComplex, 1, true>(turns, begin, end, data + at, stride, width - at);
  }
}

#if HWY_TARGET == HWY_SCALAR
// One lane holds no complex number: they are turned one by one.

void turn_one(const double* turn, double* x, double* y) {
  const double cosine = turn[0], sine = turn[1], imaginary = turn[2];
  const double x_parts[] = {x[0], x[1]}, y_parts[] = {y[0], y[1]};
  x[0] = cosine * x_parts[0] + sine * y_parts[0] - imaginary * y_parts[1];
  x[1] = cosine * x_parts[1] + sine * y_parts[1] + imaginary * y_parts[0];
  y[0] = cosine * y_parts[0] - sine * x_parts[0] - imaginary * x_parts[1];
  y[1] = cosine * y_parts[1] - sine * x_parts[1] + imaginary * x_parts[0];
}

void turn_pair(int64_t count, const double* turn, double* x, double* y) {
  for (int64_t at = 0; at < count; at += 2) turn_one(turn, x + at, y + at);
}

void turn_lines(int64_t count, const double* turns, int64_t rows, double* data, int64_t stride) {
  for (int64_t row = 0; row < rows; ++row) {
    double* const line = data + row * stride;
    for (int64_t k = 0; k < count; ++k) turn_one(turns + 3 * k, line + 2 * k, line + 2 * k + 2);
  }
}

void turn_complex_rows(const double* turns, int64_t begin, int64_t end, double* data,
                       int64_t stride, int64_t width) {
  for (int64_t s = 0; s < kSweeps; ++s) {
    for (int64_t row = begin; row < end; ++row) {
      const double* turn = turns + 3 * (kSweeps * (row - begin + s) + s);
      turn_pair(width, turn, data + row * stride, data + (row + 1) * stride);
    }
  }
}
#else
/// Two rows of `count` doubles, which are parts of complex numbers.
void turn_pair(int64_t count, const double* turn, double* x, double* y) {
  const Tag<double> d;
  const Turning<Tag<double>, true> turning(turn);
  constexpr int64_t kLanes = lanes<double>();
  int64_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    auto first = hn::LoadU(d, x + at), second = hn::LoadU(d, y + at);
    turning.apply(first, second);
    hn::StoreU(first, d, x + at);
    hn::StoreU(second, d, y + at);
  }
  if (at == count) return;
  const int64_t left = count - at;
  const auto mask = hn::FirstN(d, static_cast<size_t>(left));
  auto first = load_first(x + at, mask, left), second = load_first(y + at, mask, left);
  turning.apply(first, second);
  store_first(first, x + at, mask, left);
  store_first(second, y + at, mask, left);
}

/// Columns of kRows rows of complex numbers: one waits for the one before, rows don't for others.
template <int kRows>
void turn_along(int64_t count, const double* turns, double* data, int64_t stride) {
  using D = hn::FixedTag<double, 2>;
  const D d;
  hn::Vec<D> x[kRows];
#pragma GCC unroll 8
  for (int64_t r = 0; r < kRows; ++r) x[r] = hn::LoadU(d, data + r * stride);
  for (int64_t k = 0; k < count; ++k) {
    const Turning<D, true> turning(turns + 3 * k);
#pragma GCC unroll 8
    for (int64_t r = 0; r < kRows; ++r) {
      double* const at = data + r * stride + 2 * k;
      hn::Vec<D> y = hn::LoadU(d, at + 2);
      turning.apply(x[r], y);
      hn::StoreU(x[r], d, at);
      x[r] = y;
    }
  }
#pragma GCC unroll 8
  for (int64_t r = 0; r < kRows; ++r) hn::StoreU(x[r], d, data + r * stride + 2 * count);
}

void turn_lines(int64_t count, const double* turns, int64_t rows, double* data, int64_t stride) {
  constexpr int64_t kRows = 4;
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows) {
    turn_along<kRows>(count, turns, data + row * stride, stride);
  }
  for (; row < rows; ++row) turn_along<1>(count, turns, data + row * stride, stride);
}

void turn_complex_rows(const double* turns, int64_t begin, int64_t end, double* data,
                       int64_t stride, int64_t width) {
  turn_strips<true>(turns, begin, end, data, stride, width);
}
#endif

void turn_rows(bool complex, const double* turns, int64_t begin, int64_t end, double* data,
               int64_t stride, int64_t width) {
  complex ? turn_complex_rows(turns, begin, end, data, stride, width)
          : turn_strips<false>(turns, begin, end, data, stride, width);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace tenon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

HWY_EXPORT(turn_rows);
HWY_EXPORT(turn_pair);
HWY_EXPORT(turn_lines);

constexpr int64_t kColumns = 64;         // of a task: a strip of 512 rows stays in L2
constexpr int64_t kLeastWork = 1 << 15;  // rotations times columns; less isn't worth two threads

}  // namespace

PlaneRotation PlaneRotation::of(double f, double g) {
  if (g == 0) return {1, 0, f};
  if (f == 0) return {0, 1, g};
  double length = f * f + g * g;
  // Where squares lose their digits, the slow way.
  const bool exact = length > 1e-280 && length < 1e280;
  length = std::copysign(exact ? std::sqrt(length) : std::hypot(f, g), f);
  return {f / length, g / length, length};
}

static_assert(sizeof(ComplexRotation) == 3 * sizeof(double));  // as kernels read them

void turn_two_rows(int64_t count, const ComplexRotation& rotation, std::complex<double>* x,
                   std::complex<double>* y) {
  HWY_DYNAMIC_DISPATCH(turn_pair)
  (2 * count, reinterpret_cast<const double*>(&rotation), reinterpret_cast<double*>(x),
   reinterpret_cast<double*>(y));
}

void turn_neighbours(int64_t count, const ComplexRotation* rotations, int64_t rows,
                     std::complex<double>* data, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(turn_lines)
  (count, reinterpret_cast<const double*>(rotations), rows, reinterpret_cast<double*>(data),
   2 * stride);
}

Rotations::Rotations(int64_t rows, int64_t width, double* data, int64_t stride, bool complex)
    : rows_(rows), width_(width), stride_(stride), data_(data), complex_(complex) {
  sweeps_.reserve(kMostSweeps);
}

void Rotations::begin_sweep(bool upwards) {
  if (upwards != upwards_ || static_cast<int64_t>(sweeps_.size()) == kMostSweeps) finish();
  upwards_ = upwards;
  sweeps_.push_back({-1, -1});
  if (turns_.size() < sweeps_.size() * static_cast<size_t>(rows_)) {
    turns_.resize(sweeps_.size() * static_cast<size_t>(rows_));
  }
}

void Rotations::add(int64_t row, double cosine, std::complex<double> sine) {
  // Upwards, rows are numbered from the last one, and the two of a rotation change places.
  const int64_t number = upwards_ ? rows_ - 2 - row : row;
  Sweep& sweep = sweeps_.back();
  if (sweep.begin < 0) sweep = {number, number};
  sweep.end = number + 1;
  turns_[(sweeps_.size() - 1) * static_cast<size_t>(rows_) + static_cast<size_t>(number)] = {
      cosine, upwards_ ? -sine.real() : sine.real(), sine.imag()};
}

/// Turns of `count` sweeps, step by step; where one has none, it leaves the rows as they are.
void Rotations::pack(int64_t first_sweep, int64_t count) {
  Group group{rows_, 0, packed_.size()};
  for (int64_t s = 0; s < count; ++s) {
    const Sweep& sweep = sweeps_[static_cast<size_t>(first_sweep + s)];
    if (sweep.begin < 0) continue;
    group.begin = std::min(group.begin, sweep.begin);
    group.end = std::max(group.end, sweep.end);
  }
  if (group.begin >= group.end) return;
  const int64_t steps = group.end - group.begin + kTogether, numbers = complex_ ? 3 : 2;
  packed_.resize(group.packed + static_cast<size_t>(numbers * kTogether * steps));
  double* to = packed_.data() + group.packed;
  for (int64_t s = 0; s < kTogether; ++s) {
    const Sweep none{-1, -1};
    const Sweep& sweep = s < count ? sweeps_[static_cast<size_t>(first_sweep + s)] : none;
    const Turn* turns = turns_.data() + (first_sweep + s) * rows_;
    for (int64_t step = 0; step < steps; ++step) {
      const int64_t number = group.begin + step - s;
      const bool turns_here = number >= sweep.begin && number < sweep.end;
      double* const turn = to + numbers * (step * kTogether + s);
      turn[0] = turns_here ? turns[number].cosine : 1;
      turn[1] = turns_here ? turns[number].sine : 0;
      if (complex_) turn[2] = turns_here ? turns[number].imaginary : 0;
    }
  }
  groups_.push_back(group);
}

void Rotations::finish() {
  const auto count = static_cast<int64_t>(sweeps_.size());
  packed_.clear();
  groups_.clear();
  for (int64_t first = 0; first < count; first += kTogether) {
    pack(first, std::min(kTogether, count - first));
  }
  sweeps_.clear();
  if (groups_.empty()) return;
  double* data = upwards_ ? data_ + (rows_ - 1) * stride_ : data_;
  const int64_t stride = upwards_ ? -stride_ : stride_;
  const auto turn = [&](int64_t begin, int64_t end) {
    for (const Group& group : groups_) {
      HWY_DYNAMIC_DISPATCH(turn_rows)
      (complex_, packed_.data() + group.packed, group.begin, group.end, data + begin, stride,
       end - begin);
    }
  };
  const auto rotations = static_cast<int64_t>(packed_.size()) / 2;
  parallel_for(width_, rotations * width_ < kLeastWork ? width_ : kColumns, turn);
}

}  // namespace tenon::cpu
#endif
