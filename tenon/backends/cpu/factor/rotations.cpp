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

/// Columns of kVectors vectors (`kPart`: the first `count` lanes of one). At step t sweep s makes
/// its rotation t - s: of the kSweeps + 1 rows in the registers the last one is row t + 1.
template <int kVectors, bool kPart>
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
  for (int64_t t = begin; t < end + kSweeps; ++t, turns += 2 * kSweeps) {
    if (t < end) {
#pragma GCC unroll 8
      for (int64_t v = 0; v < kVectors; ++v) rows[kSweeps][v] = load(t + 1, v);
    }
#pragma GCC unroll 8
    for (int64_t s = 0; s < kSweeps; ++s) {
      const V cosine = hn::Set(d, turns[2 * s]), sine = hn::Set(d, turns[2 * s + 1]);
#pragma GCC unroll 8
      for (int64_t v = 0; v < kVectors; ++v) {
        const V x = rows[kSweeps - 1 - s][v], y = rows[kSweeps - s][v];
        rows[kSweeps - 1 - s][v] = hn::MulAdd(sine, y, hn::Mul(cosine, x));
        rows[kSweeps - s][v] = hn::NegMulAdd(sine, x, hn::Mul(cosine, y));
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

void turn_rows(const double* turns, int64_t begin, int64_t end, double* data, int64_t stride,
               int64_t width) {
  constexpr int64_t kLanes = lanes<double>();
  int64_t at = 0;
  for (; at + kStrip * kLanes <= width; at += kStrip * kLanes) {
    turn_columns<kStrip, false>(turns, begin, end, data + at, stride, kLanes);
  }
  for (; at + kLanes <= width; at += kLanes) {
    turn_columns<1, false>(turns, begin, end, data + at, stride, kLanes);
  }
  if (at < width) turn_columns<1, true>(turns, begin, end, data + at, stride, width - at);
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

Rotations::Rotations(int64_t rows, int64_t width, double* data, int64_t stride)
    : rows_(rows), width_(width), stride_(stride), data_(data) {
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

void Rotations::add(int64_t row, double cosine, double sine) {
  // Upwards, rows are numbered from the last one, and the two of a rotation change places.
  const int64_t number = upwards_ ? rows_ - 2 - row : row;
  Sweep& sweep = sweeps_.back();
  if (sweep.begin < 0) sweep = {number, number};
  sweep.end = number + 1;
  turns_[(sweeps_.size() - 1) * static_cast<size_t>(rows_) + static_cast<size_t>(number)] = {
      cosine, upwards_ ? -sine : sine};
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
  const int64_t steps = group.end - group.begin + kTogether;
  packed_.resize(group.packed + static_cast<size_t>(2 * kTogether * steps));
  double* to = packed_.data() + group.packed;
  for (int64_t s = 0; s < kTogether; ++s) {
    const Sweep none{-1, -1};
    const Sweep& sweep = s < count ? sweeps_[static_cast<size_t>(first_sweep + s)] : none;
    const Turn* turns = turns_.data() + (first_sweep + s) * rows_;
    for (int64_t step = 0; step < steps; ++step) {
      const int64_t number = group.begin + step - s;
      const bool turns_here = number >= sweep.begin && number < sweep.end;
      to[2 * (step * kTogether + s)] = turns_here ? turns[number].cosine : 1;
      to[2 * (step * kTogether + s) + 1] = turns_here ? turns[number].sine : 0;
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
      (packed_.data() + group.packed, group.begin, group.end, data + begin, stride, end - begin);
    }
  };
  const auto rotations = static_cast<int64_t>(packed_.size()) / 2;
  parallel_for(width_, rotations * width_ < kLeastWork ? width_ : kColumns, turn);
}

}  // namespace tenon::cpu
#endif
