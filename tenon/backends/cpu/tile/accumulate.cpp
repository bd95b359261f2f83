#include "tenon/backends/cpu/tile/accumulate.h"

#include <algorithm>

namespace tenon::cpu {
namespace {

using tile::Compute;
using tile::Op;

template <class Visitor>
void visit_class(Compute compute, Visitor&& visitor) {
  switch (compute) {
    case Compute::kF32:
      return visitor(float{});
    case Compute::kF64:
      return visitor(double{});
    case Compute::kI64:
      return visitor(int64_t{});
    case Compute::kU64:
      return visitor(uint64_t{});
  }
}

template <bool kMax, class T>
void join_extremes(bool with_position, void* state, void* other, size_t columns, size_t capacity) {
  T* best = state_field<T>(state, 0, capacity);
  int64_t* at = state_field<int64_t>(state, 1, capacity);
  const T* best_b = state_field<T>(other, 0, capacity);
  const int64_t* at_b = state_field<int64_t>(other, 1, capacity);
  for (size_t c = 0; c < columns; ++c) {
    if (with_position && at_b[c] < 0) continue;
    if (!beats<kMax>(best_b[c], best[c]) && !(with_position && at[c] < 0)) continue;
    best[c] = best_b[c];
    if (with_position) at[c] = at_b[c];
  }
}

void join_all_moments(void* state, void* other, size_t columns, size_t capacity) {
  for (size_t c = 0; c < columns; ++c) {
    join_moments(
        state_field<double>(state, 0, capacity)[c], state_field<double>(state, 1, capacity)[c],
        state_field<double>(state, 2, capacity)[c], state_field<double>(other, 0, capacity)[c],
        state_field<double>(other, 1, capacity)[c], state_field<double>(other, 2, capacity)[c]);
  }
}

template <class T>
void finish_moments(Op op, void* state, T* out, size_t columns, size_t capacity) {
  const double* value = state_field<double>(state, op == Op::kRowMean ? 0 : 1, capacity);
  const double* count = state_field<double>(state, 2, capacity);
  for (size_t c = 0; c < columns; ++c) {
    const double scale = op == Op::kRowMean ? 1 : count[c];
    out[c] =
        static_cast<T>(count[c] == 0 ? std::numeric_limits<double>::quiet_NaN() : value[c] / scale);
  }
}

}  // namespace

void start_reduction(Op op, Compute compute, void* state, size_t columns, size_t capacity) {
  visit_class(compute, [&](auto zero) {
    using T = decltype(zero);
    Accumulator<T>* sums = state_field<Accumulator<T>>(state, 0, capacity);
    T* best = state_field<T>(state, 0, capacity);
    switch (op) {
      case Op::kRowSum:
        std::fill_n(sums, columns, Accumulator<T>(0));
        if constexpr (kSumsInParts<T>) {
          std::fill_n(state_field<T>(state, 1, capacity), columns, T(0));
          *state_field<uint64_t>(state, 2, capacity) = 0;
        }
        return;
      case Op::kRowProd:
        return static_cast<void>(std::fill_n(sums, columns, Accumulator<T>(1)));
      case Op::kRowMax:
      case Op::kRowArgmax:
        std::fill_n(best, columns, worst<true, T>());
        break;
      case Op::kRowMin:
      case Op::kRowArgmin:
        std::fill_n(best, columns, worst<false, T>());
        break;
      default:
        for (size_t f = 0; f < kStateFields; ++f) {
          std::fill_n(state_field<double>(state, f, capacity), columns, 0.0);
        }
        return;
    }
    std::fill_n(state_field<int64_t>(state, 1, capacity), columns, int64_t{-1});
  });
}

void join_reduction(Op op, Compute compute, void* state, const void* other_state, size_t columns,
                    size_t capacity) {
  void* other = const_cast<void*>(other_state);
  visit_class(compute, [&](auto zero) {
    using T = decltype(zero);
    Accumulator<T>* sums = state_field<Accumulator<T>>(state, 0, capacity);
    const Accumulator<T>* more = state_field<Accumulator<T>>(other, 0, capacity);
    switch (op) {
      case Op::kRowSum:
        for (size_t c = 0; c < columns; ++c) {
          sums[c] = sum_of_parts<T>(state, c, capacity) + sum_of_parts<T>(other, c, capacity);
          if constexpr (kSumsInParts<T>) state_field<T>(state, 1, capacity)[c] = 0;
        }
        return;
      case Op::kRowProd:
        for (size_t c = 0; c < columns; ++c) sums[c] *= more[c];
        return;
      case Op::kRowMax:
      case Op::kRowArgmax:
        return join_extremes<true, T>(op == Op::kRowArgmax, state, other, columns, capacity);
      case Op::kRowMin:
      case Op::kRowArgmin:
        return join_extremes<false, T>(op == Op::kRowArgmin, state, other, columns, capacity);
      default:
        return join_all_moments(state, other, columns, capacity);
    }
  });
}

void finish_reduction(Op op, Compute compute, const void* const_state, void* out, size_t columns,
                      size_t capacity) {
  void* state = const_cast<void*>(const_state);
  visit_class(compute, [&](auto zero) {
    using T = decltype(zero);
    T* to = static_cast<T*>(out);
    switch (op) {
      case Op::kRowSum:
        for (size_t c = 0; c < columns; ++c) {
          to[c] = static_cast<T>(sum_of_parts<T>(state, c, capacity));
        }
        return;
      case Op::kRowProd: {
        const Accumulator<T>* sums = state_field<Accumulator<T>>(state, 0, capacity);
        for (size_t c = 0; c < columns; ++c) to[c] = static_cast<T>(sums[c]);
        return;
      }
      case Op::kRowMax:
      case Op::kRowMin:
        std::memcpy(out, state_field<T>(state, 0, capacity), columns * sizeof(T));
        return;
      case Op::kRowArgmax:
      case Op::kRowArgmin: {
        const int64_t* at = state_field<int64_t>(state, 1, capacity);
        for (size_t c = 0; c < columns; ++c) {
          static_cast<int64_t*>(out)[c] = std::max<int64_t>(at[c], 0);
        }
        return;
      }
      default:
        if constexpr (std::is_floating_point_v<T>) {
          finish_moments(op, state, to, columns, capacity);
        }
        return;
    }
  });
}

}  // namespace tenon::cpu
