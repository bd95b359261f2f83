// Kernels of elements by rank (kthvalue, median, mode) and of running extremes and sums of
// exponentials: a row is one task.

#include <algorithm>
#include <limits>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/ordering.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// Writes the element of each row whose place `choose(entries)` gives.
template <class Choose>
void choose_in_rows(const Call& call, size_t dim_attribute, std::span<Tensor> outputs,
                    Choose choose) {
  const Tensor x = row_major(call.input(0));
  const int64_t dim = normalize_dim(call.op.name, call.get<int64_t>(dim_attribute), x.dim());
  const Rows rows{around(x.sizes(), dim)};
  const int64_t size = rows.at.size, step = rows.at.inner;
  auto* places = outputs[1].data<int64_t>();
  visit_ordered(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    using K = decltype(key_of(T()));
    const T* in = x.data<T>();
    T* values = outputs[0].data<T>();
    parallel_for(rows.count(), rows_per_chunk(size * 4), [&](int64_t begin, int64_t end) {
      std::vector<Entry<K>> entries(static_cast<size_t>(size));
      for (int64_t row = begin; row < end; ++row) {
        const T* from = in + rows.start(row, size);
        for (int64_t i = 0; i < size; ++i) {
          entries[static_cast<size_t>(i)] = {key_of(from[i * step]), i};
        }
        places[row] = choose(entries);
        values[row] = from[places[row] * step];
      }
    });
  });
}

constexpr auto kAscending = [](const auto& a, const auto& b) { return comes_before(a, b); };

/// The place of the entry that `rank` others come before.
template <class Entries>
int64_t place_of_rank(Entries& entries, int64_t rank) {
  std::nth_element(entries.begin(), entries.begin() + rank, entries.end(), kAscending);
  return entries[static_cast<size_t>(rank)].place;
}

void kthvalue_kernel(const Call& call, std::span<Tensor> outputs) {
  const int64_t rank = call.get<int64_t>(0) - 1;
  choose_in_rows(call, 1, outputs, [rank](auto& entries) { return place_of_rank(entries, rank); });
}

template <bool ignore_nan>
void median_kernel(const Call& call, std::span<Tensor> outputs) {
  choose_in_rows(call, 0, outputs, [](auto& entries) {
    const auto nan = [](const auto& entry) { return is_nan(entry.key); };
    const auto broken = std::find_if(entries.begin(), entries.end(), nan);
    if (!ignore_nan && broken != entries.end()) return broken->place;
    const auto known =
        static_cast<int64_t>(entries.size()) - std::count_if(entries.begin(), entries.end(), nan);
    return place_of_rank(entries, std::max<int64_t>(known - 1, 0) / 2);
  });
}

void mode_kernel(const Call& call, std::span<Tensor> outputs) {
  choose_in_rows(call, 0, outputs, [](auto& entries) {
    std::sort(entries.begin(), entries.end(), kAscending);
    size_t start = 0, most = 0;
    int64_t place = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].key != entries[start].key) start = i;
      if (i + 1 - start > most) {
        most = i + 1 - start;
        place = entries[i].place;
      }
    }
    return place;
  });
}

/// Calls `scan(start, step, size)` with where each row of a scan begins, on the pool.
template <class Scan>
void scan_rows(const Call& call, const Tensor& x, Scan scan) {
  const int64_t dim = normalize_dim(call.op.name, call.get<int64_t>(0), x.dim());
  const Rows rows{around(x.sizes(), dim)};
  parallel_for(rows.count(), rows_per_chunk(rows.at.size), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      scan(rows.start(row, rows.at.size), rows.at.inner, rows.at.size);
    }
  });
}

template <bool largest>
void running_extreme_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  auto* places = outputs[1].data<int64_t>();
  visit_ordered(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* in = x.data<T>();
    T* values = outputs[0].data<T>();
    scan_rows(call, x, [&](int64_t start, int64_t step, int64_t size) {
      int64_t best = 0;
      for (int64_t i = 0; i < size; ++i) {
        const auto key = key_of(in[start + i * step]), old = key_of(in[start + best * step]);
        const bool wins = is_nan(key) || (!is_nan(old) && (largest ? key >= old : key <= old));
        if (wins) best = i;
        values[start + i * step] = in[start + best * step];
        places[start + i * step] = best;
      }
    });
  });
}

void logcumsumexp_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  visit_ordered(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    using K = decltype(key_of(T()));
    if constexpr (std::is_floating_point_v<K>) {
      const T* in = x.data<T>();
      T* out = outputs[0].data<T>();
      scan_rows(call, x, [&](int64_t start, int64_t step, int64_t size) {
        // The sum of exponentials so far is `sum` e^top.
        double top = -std::numeric_limits<double>::infinity(), sum = 0;
        for (int64_t i = 0; i < size; ++i) {
          const auto value = static_cast<double>(key_of(in[start + i * step]));
          if (value == top) {
            sum += 1;
          } else if (value > top || std::isnan(value)) {
            sum = sum * std::exp(top - value) + 1;
            top = value;
          } else {
            sum += std::exp(value - top);
          }
          out[start + i * step] = T(static_cast<K>(top + std::log(sum)));
        }
      });
    }
  });
}

}  // namespace

void register_order() {
  register_kernel(OpId::kKthvalue, kCpu.type, kthvalue_kernel);
  register_kernel(OpId::kMedianDim, kCpu.type, median_kernel<false>);
  register_kernel(OpId::kNanmedianDim, kCpu.type, median_kernel<true>);
  register_kernel(OpId::kMode, kCpu.type, mode_kernel);
  register_kernel(OpId::kCummax, kCpu.type, running_extreme_kernel<true>);
  register_kernel(OpId::kCummin, kCpu.type, running_extreme_kernel<false>);
  register_kernel(OpId::kLogcumsumexp, kCpu.type, logcumsumexp_kernel);
}

}  // namespace tenon::cpu
