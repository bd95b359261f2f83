// Reductions and scans of tiles. Sums of floats add short runs in the vector lanes, then go on in
// double, so that the error stays at NumPy's pairwise level or below.
#include "tenon/backends/cpu/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/tile/reduce.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tenon/backends/cpu/tile/accumulate.h"
#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/backends/cpu/tile/loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {
namespace {

using tile::Compute;
using tile::Op;

/// Four vectors of running sums; the tile is short, so each lane adds few elements.
template <class T>
T sum_of(const T* x, size_t count) {
  if constexpr (!std::is_floating_point_v<T>) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; ++i) sum += static_cast<uint64_t>(x[i]);
    return static_cast<T>(sum);
  } else {
    const hn::ScalableTag<T> d;
    const size_t lanes = hn::Lanes(d);
    auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 4 * lanes <= count; i += 4 * lanes) {
      s0 = hn::Add(s0, hn::LoadU(d, x + i));
      s1 = hn::Add(s1, hn::LoadU(d, x + i + lanes));
      s2 = hn::Add(s2, hn::LoadU(d, x + i + 2 * lanes));
      s3 = hn::Add(s3, hn::LoadU(d, x + i + 3 * lanes));
    }
    for (; i + lanes <= count; i += lanes) s0 = hn::Add(s0, hn::LoadU(d, x + i));
    if (i < count) s1 = hn::Add(s1, load_first(d, x + i, count - i));
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
  }
}

/// Sum of squared deviations.
template <class T>
T deviation_of(const T* x, size_t count, T mean) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const auto m = hn::Set(d, mean);
  auto s0 = hn::Zero(d), s1 = s0;
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    const auto a = hn::Sub(hn::LoadU(d, x + i), m);
    const auto b = hn::Sub(hn::LoadU(d, x + i + lanes), m);
    s0 = hn::MulAdd(a, a, s0);
    s1 = hn::MulAdd(b, b, s1);
  }
  T rest = 0;
  for (; i < count; ++i) rest += (x[i] - mean) * (x[i] - mean);
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(s0, s1))) + rest;
}

constexpr size_t kRun = 16;  // terms that one float lane adds before the sum goes on in double

/// Elements of a run; machine code takes as many at a time.
template <class T>
size_t run_length() {
  return 4 * hn::Lanes(hn::ScalableTag<T>()) * kRun;
}

/// Adds short runs in the lanes, their sums in the accumulator's type.
template <class T>
void add_accurately(const T* x, size_t count, Accumulator<T>& sum) {
  const size_t run = run_length<T>();
  for (size_t i = 0; i < count; i += run) {
    sum += static_cast<Accumulator<T>>(sum_of(x + i, count - i < run ? count - i : run));
  }
}

template <class T>
void row_sum(const void* tile, size_t count, int64_t, void* state) {
  add_accurately(static_cast<const T*>(tile), count, *static_cast<Accumulator<T>*>(state));
}

/// The last part of sum_of.
template <class T>
void join_sum_lanes(const void* lanes, void* state) {
  const hn::ScalableTag<T> d;
  const T sum = hn::GetLane(hn::SumOfLanes(d, hn::LoadU(d, static_cast<const T*>(lanes))));
  *static_cast<Accumulator<T>*>(state) += static_cast<Accumulator<T>>(sum);
}

template <class T>
void row_prod(const void* tile, size_t count, int64_t, void* state) {
  using A = Accumulator<T>;
  const T* x = static_cast<const T*>(tile);
  A p0 = 1, p1 = 1, p2 = 1, p3 = 1;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    p0 *= static_cast<A>(x[i]);
    p1 *= static_cast<A>(x[i + 1]);
    p2 *= static_cast<A>(x[i + 2]);
    p3 *= static_cast<A>(x[i + 3]);
  }
  for (; i < count; ++i) p0 *= static_cast<A>(x[i]);
  *static_cast<A*>(state) *= (p0 * p1) * (p2 * p3);
}

template <bool kMax, class D>
hn::TFromD<D> extreme_of_lanes(D d, hn::Vec<D> lanes) {
  return hn::GetLane(kMax ? hn::MaxOfLanes(d, lanes) : hn::MinOfLanes(d, lanes));
}

/// The extreme of a tile; NaN when it holds one.
template <bool kMax, class T>
T extreme_of(const T* x, size_t count) {
  T best = worst<kMax, T>();
  if constexpr (!std::is_floating_point_v<T>) {
    for (size_t i = 0; i < count; ++i) best = beats<kMax>(x[i], best) ? x[i] : best;
    return best;
  } else {
    const hn::ScalableTag<T> d;
    const size_t lanes = hn::Lanes(d);
    const auto start = hn::Set(d, best);
    auto b0 = start, b1 = start, b2 = start, b3 = start;
    auto nan = hn::Zero(d);  // becomes NaN with the first NaN and stays
    const auto pick = [](auto a, auto b) HWY_ATTR {
      if constexpr (kMax)
        return hn::Max(a, b);
      else
        return hn::Min(a, b);
    };
    const auto take = [&](auto& into, auto v) HWY_ATTR {
      into = pick(into, v);
      nan = hn::IfThenElse(hn::IsNaN(v), v, nan);
    };
    size_t i = 0;
    for (; i + 4 * lanes <= count; i += 4 * lanes) {
      take(b0, hn::LoadU(d, x + i));
      take(b1, hn::LoadU(d, x + i + lanes));
      take(b2, hn::LoadU(d, x + i + 2 * lanes));
      take(b3, hn::LoadU(d, x + i + 3 * lanes));
    }
    for (; i + lanes <= count; i += lanes) take(b0, hn::LoadU(d, x + i));
    if (i < count) {
      const auto rest = load_first(d, x + i, count - i);
      take(b1, hn::IfThenElse(hn::FirstN(d, count - i), rest, start));
    }
    if (!hn::AllFalse(d, hn::IsNaN(nan))) return std::numeric_limits<T>::quiet_NaN();
    return extreme_of_lanes<kMax>(d, pick(pick(b0, b1), pick(b2, b3)));
  }
}

template <bool kMax, class T>
void row_extreme(const void* tile, size_t count, int64_t, void* state) {
  const T* x = static_cast<const T*>(tile);
  T* best = static_cast<T*>(state);
  const size_t run = run_length<T>();
  for (size_t i = 0; i < count; i += run) {
    const T extreme = extreme_of<kMax>(x + i, count - i < run ? count - i : run);
    if (beats<kMax>(extreme, *best)) *best = extreme;
  }
}

/// The last part of extreme_of.
template <bool kMax, class T>
void join_extreme_lanes(const void* lanes, void* state) {
  const hn::ScalableTag<T> d;
  const T* from = static_cast<const T*>(lanes);
  T* best = static_cast<T*>(state);
  uint32_t has_nan;
  std::memcpy(&has_nan, from + hn::Lanes(d), sizeof has_nan);
  const T extreme = has_nan != 0 ? std::numeric_limits<T>::quiet_NaN()
                                 : extreme_of_lanes<kMax>(d, hn::LoadU(d, from));
  if (beats<kMax>(extreme, *best)) *best = extreme;
}

template <bool kMax, class T>
void row_arg(const void* tile, size_t count, int64_t position, void* state) {
  const T* x = static_cast<const T*>(tile);
  T* best = state_field<T>(state, 0, 1);
  int64_t* at = state_field<int64_t>(state, 1, 1);
  if (count == 0) return;
  const T extreme = extreme_of<kMax>(x, count);
  if (!beats<kMax>(extreme, *best) && *at >= 0) return;
  size_t i = 0;
  while (x[i] != extreme && x[i] == x[i]) ++i;
  *best = extreme;
  *at = position + static_cast<int64_t>(i);
}

template <class T>
void row_moments(const void* tile, size_t count, int64_t, void* state) {
  const T* x = static_cast<const T*>(tile);
  double* s = static_cast<double*>(state);
  const double n = static_cast<double>(count);
  double sum = 0;
  add_accurately(x, count, sum);
  const double mean = sum / n;
  const double m2 = static_cast<double>(deviation_of(x, count, static_cast<T>(mean)));
  join_moments(s[0], s[1], s[2], mean, m2, n);
}

/// Adds the elements of kRows rows to each column's part, one after the other.
template <size_t kRows>
void add_rows(const float* x, size_t columns, float* parts) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t c = 0;
  for (; c + lanes <= columns; c += lanes) {
    auto sum = hn::LoadU(d, parts + c);
    for (size_t r = 0; r < kRows; ++r) sum = hn::Add(sum, hn::LoadU(d, x + r * columns + c));
    hn::StoreU(sum, d, parts + c);
  }
  if (c == columns) return;
  const size_t rest = columns - c;
  auto sum = load_first(d, parts + c, rest);
  for (size_t r = 0; r < kRows; ++r) sum = hn::Add(sum, load_first(d, x + r * columns + c, rest));
  store_first(d, sum, parts + c, rest);
}

/// Tiles of a few long rows: a float for each column adds kRun rows, of however many tiles. Several
/// rows are one loop, which short rows would else go through again and again.
void columns_sum_in_parts(const float* x, size_t rows, size_t columns, void* state,
                          size_t capacity) {
  constexpr size_t kTogether = 8;
  double* sums = state_field<double>(state, 0, capacity);
  float* parts = state_field<float>(state, 1, capacity);
  uint64_t& added = *state_field<uint64_t>(state, 2, capacity);
  for (size_t r = 0; r < rows;) {
    const bool many = rows - r >= kTogether && kRun - added >= kTogether;
    if (many) {
      add_rows<kTogether>(x + r * columns, columns, parts);
    } else {
      add_rows<1>(x + r * columns, columns, parts);
    }
    r += many ? kTogether : 1;
    added += many ? kTogether : 1;
    if (added < kRun) continue;
    for (size_t c = 0; c < columns; ++c) sums[c] += static_cast<double>(parts[c]);
    for (size_t c = 0; c < columns; ++c) parts[c] = 0;
    added = 0;
  }
}

template <class T>
void columns_sum(const void* tile, size_t rows, size_t columns, int64_t, void* state,
                 size_t capacity) {
  using A = Accumulator<T>;
  const T* x = static_cast<const T*>(tile);
  if constexpr (kSumsInParts<T>) return columns_sum_in_parts(x, rows, columns, state, capacity);
  A* sums = static_cast<A*>(state);
  if (rows == 1) {
    for (size_t c = 0; c < columns; ++c) sums[c] += static_cast<A>(x[c]);
    return;
  }
  T partial[kLongestTile];
  for (size_t first = 0; first < rows; first += kRun) {
    const size_t last = first + kRun < rows ? first + kRun : rows;
    for (size_t c = 0; c < columns; ++c) partial[c] = x[first * columns + c];
    for (size_t r = first + 1; r < last; ++r) {
      for (size_t c = 0; c < columns; ++c) partial[c] += x[r * columns + c];
    }
    for (size_t c = 0; c < columns; ++c) sums[c] += static_cast<A>(partial[c]);
  }
}

template <class T>
void columns_prod(const void* tile, size_t rows, size_t columns, int64_t, void* state, size_t) {
  using A = Accumulator<T>;
  const T* x = static_cast<const T*>(tile);
  A* products = static_cast<A*>(state);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) products[c] *= static_cast<A>(x[r * columns + c]);
  }
}

template <bool kMax, class T>
void columns_extreme(const void* tile, size_t rows, size_t columns, int64_t, void* state, size_t) {
  const T* x = static_cast<const T*>(tile);
  T* best = static_cast<T*>(state);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      const T v = x[r * columns + c];
      const bool better = (kMax ? v > best[c] : v < best[c]) | (v != v);
      best[c] = better ? v : best[c];
    }
  }
}

template <bool kMax, class T>
void columns_arg(const void* tile, size_t rows, size_t columns, int64_t position, void* state,
                 size_t capacity) {
  const T* x = static_cast<const T*>(tile);
  T* best = state_field<T>(state, 0, capacity);
  int64_t* at = state_field<int64_t>(state, 1, capacity);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      const T v = x[r * columns + c];
      const bool better = beats<kMax>(v, best[c]) | (at[c] < 0);
      best[c] = better ? v : best[c];
      at[c] = better ? position + static_cast<int64_t>(r) : at[c];
    }
  }
}

template <class T>
void columns_moments(const void* tile, size_t rows, size_t columns, int64_t, void* state,
                     size_t capacity) {
  const T* x = static_cast<const T*>(tile);
  double* mean = state_field<double>(state, 0, capacity);
  double* m2 = state_field<double>(state, 1, capacity);
  double* counts = state_field<double>(state, 2, capacity);
  const double n = static_cast<double>(rows), count = counts[0], total = count + n;
  const double share = n / total, weight = count * n / total;
  double tile_mean[kLongestTile], tile_m2[kLongestTile];
  for (size_t c = 0; c < columns; ++c) tile_mean[c] = tile_m2[c] = 0;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) tile_mean[c] += static_cast<double>(x[r * columns + c]);
  }
  const double inverse = 1 / n;
  for (size_t c = 0; c < columns; ++c) tile_mean[c] *= inverse;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      const double delta = static_cast<double>(x[r * columns + c]) - tile_mean[c];
      tile_m2[c] += delta * delta;
    }
  }
  for (size_t c = 0; c < columns; ++c) {
    const double delta = tile_mean[c] - mean[c];
    mean[c] += delta * share;
    m2[c] += tile_m2[c] + delta * delta * weight;
    counts[c] = total;
  }
}

/// Each lane and all before it added up, in log2(lanes) steps.
template <class D>
HWY_INLINE hn::Vec<D> running_lanes(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  const auto lane = hn::Iota(di, 0);
  for (size_t step = 1; step < hn::MaxLanes(d); step *= 2) {
    const auto before = hn::Sub(lane, hn::Set(di, static_cast<hn::TFromD<decltype(di)>>(step)));
    const auto from = hn::IndicesFromVec(d, hn::Max(before, hn::Zero(di)));
    const auto is_first = hn::RebindMask(d, hn::Lt(before, hn::Zero(di)));
    x = hn::Add(x, hn::IfThenZeroElse(is_first, hn::TableLookupLanes(x, from)));
  }
  return x;
}

/// The elements of a vector of sums, from floats or from numbers of its own type.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_wide(D d, const T* from) {
  if constexpr (sizeof(T) == sizeof(hn::TFromD<D>)) {
    return hn::LoadU(d, from);
  } else {
    return hn::PromoteTo(d, hn::LoadU(hn::Rebind<T, D>(), from));
  }
}
template <class D, class T>
HWY_INLINE void store_narrow(D d, hn::Vec<D> x, T* to) {
  if constexpr (sizeof(T) == sizeof(hn::TFromD<D>)) {
    hn::StoreU(x, d, to);
  } else {
    const hn::Rebind<T, D> narrow;
    hn::StoreU(hn::DemoteTo(narrow, x), narrow, to);
  }
}

/// Running sums of one row in whole vectors; returns how many elements that were. Products go one
/// by one: those of a vector's lanes may overflow where the row's don't.
template <class T>
HWY_INLINE size_t sum_along_row(const T* x, T* to, size_t count, Accumulator<T>* carry) {
  const hn::ScalableTag<Accumulator<T>> d;
  const size_t lanes = hn::Lanes(d);
  const auto last = hn::IndicesFromVec(
      d, hn::Set(hn::RebindToSigned<decltype(d)>(), static_cast<int64_t>(lanes) - 1));
  auto before = hn::Set(d, *carry);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto running = hn::Add(before, running_lanes(d, load_wide(d, x + i)));
    store_narrow(d, running, to + i);
    before = hn::TableLookupLanes(running, last);
  }
  *carry = hn::GetLane(before);
  return i;
}

/// Several rows side by side, in whole vectors; returns how many columns that were.
template <bool kProduct, class T>
HWY_INLINE size_t scan_columns(const T* x, T* to, size_t rows, size_t columns,
                               Accumulator<T>* sums) {
  const hn::ScalableTag<Accumulator<T>> d;
  const size_t lanes = hn::Lanes(d);
  size_t c = 0;
  for (; c + lanes <= columns; c += lanes) {
    auto sum = hn::LoadU(d, sums + c);
    for (size_t r = 0; r < rows; ++r) {
      const auto value = load_wide(d, x + r * columns + c);
      if constexpr (kProduct) {
        sum = hn::Mul(sum, value);
      } else {
        sum = hn::Add(sum, value);
      }
      store_narrow(d, sum, to + r * columns + c);
    }
    hn::StoreU(sum, d, sums + c);
  }
  return c;
}

template <class T, bool kProduct>
void scan(const void* tile, void* out, size_t rows, size_t columns, void* carry) {
  using A = Accumulator<T>;
  const T* x = static_cast<const T*>(tile);
  T* to = static_cast<T*>(out);
  A* sums = static_cast<A*>(carry);
  size_t first_row = 0, first_column = 0;
#if HWY_TARGET != HWY_SCALAR
  // Not all instruction sets multiply 64-bit integers.
  constexpr bool kHasColumns = std::is_floating_point_v<T> || !kProduct;
  if constexpr (!kProduct) {
    if (columns == 1) first_row = sum_along_row(x, to, rows, sums);
  }
  if constexpr (kHasColumns) {
    if (columns > 1) first_column = scan_columns<kProduct>(x, to, rows, columns, sums);
  }
#endif
  for (size_t r = first_row; r < rows; ++r) {
    for (size_t c = first_column; c < columns; ++c) {
      const A next = kProduct ? sums[c] * static_cast<A>(x[r * columns + c])
                              : sums[c] + static_cast<A>(x[r * columns + c]);
      sums[c] = next;
      to[r * columns + c] = static_cast<T>(next);
    }
  }
}

template <class T>
void fill_class(ClassKernels& k) {
  const auto put = [&k](Op op, ReduceKernel row, ReduceColumnsKernel columns) {
    k.reduce[reduction_number(op)] = row;
    k.reduce_columns[reduction_number(op)] = columns;
  };
  // Within a tile, too, sums and products of integers wrap.
  using W = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;
  put(Op::kRowSum, row_sum<W>, columns_sum<W>);
  put(Op::kRowProd, row_prod<W>, columns_prod<W>);
  put(Op::kRowMax, row_extreme<true, T>, columns_extreme<true, T>);
  put(Op::kRowMin, row_extreme<false, T>, columns_extreme<false, T>);
  put(Op::kRowArgmax, row_arg<true, T>, columns_arg<true, T>);
  put(Op::kRowArgmin, row_arg<false, T>, columns_arg<false, T>);
  if constexpr (std::is_floating_point_v<T>) {
    put(Op::kRowMean, row_moments<T>, columns_moments<T>);
  }
  k.cumsum = scan<W, false>;
  k.cumprod = scan<W, true>;
}

void fill(Kernels& kernels) {
  ClassKernels& f32 = kernels.classes[static_cast<int>(Compute::kF32)];
  fill_class<float>(f32);
  f32.join_lanes[reduction_number(Op::kRowSum)] = join_sum_lanes<float>;
  f32.join_lanes[reduction_number(Op::kRowMax)] = join_extreme_lanes<true, float>;
  f32.join_lanes[reduction_number(Op::kRowMin)] = join_extreme_lanes<false, float>;
  fill_class<double>(kernels.classes[static_cast<int>(Compute::kF64)]);
  fill_class<int64_t>(kernels.classes[static_cast<int>(Compute::kI64)]);
  fill_class<uint64_t>(kernels.classes[static_cast<int>(Compute::kU64)]);
}

}  // namespace
void fill_reduce_target(Kernels& kernels) { fill(kernels); }
}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {
HWY_EXPORT(fill_reduce_target);
void fill_reduce(size_t target_index, Kernels& kernels) {
  HWY_DISPATCH_TABLE(fill_reduce_target)[target_index](kernels);
}
}  // namespace tenon::cpu
#endif
