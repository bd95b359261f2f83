// Kernels of sort, topk and unique: a row is one task, and equal elements keep their order.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// Half types compare as floats.
template <class T>
auto key_of(const T& value) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return static_cast<float>(value);
  } else {
    return value;
  }
}

/// a < b, with NaN the largest.
template <class K>
bool less(K a, K b) {
  if constexpr (std::is_floating_point_v<K>) return a < b || (std::isnan(b) && !std::isnan(a));
  return a < b;
}

template <class K>
struct Entry {
  K key;
  int64_t place;
};

/// Rows along a dim of a row-major tensor.
struct Rows {
  Around at;
  int64_t count() const { return at.outer * at.inner; }
  /// The first element of a row in a tensor whose dim has `size` elements.
  int64_t start(int64_t row, int64_t size) const {
    return row / at.inner * size * at.inner + row % at.inner;
  }
};

/// Orders each row with `order(entries)` and writes its first `kept` entries.
template <class T, class Order>
void order_rows(const Tensor& x, int64_t dim, int64_t kept, std::span<Tensor> outputs,
                Order order) {
  using K = decltype(key_of(T()));
  const Rows rows{around(x.sizes(), dim)};
  const T* in = x.data<T>();
  T* values = outputs[0].data<T>();
  auto* places = outputs[1].data<int64_t>();
  const int64_t size = rows.at.size, step = rows.at.inner;
  parallel_for(rows.count(), rows_per_chunk(size * 8), [&](int64_t begin, int64_t end) {
    std::vector<Entry<K>> entries(static_cast<size_t>(size));
    for (int64_t row = begin; row < end; ++row) {
      const T* from = in + rows.start(row, size);
      for (int64_t i = 0; i < size; ++i) {
        entries[static_cast<size_t>(i)] = {key_of(from[i * step]), i};
      }
      order(entries);
      const int64_t start = rows.start(row, kept);
      for (int64_t i = 0; i < kept; ++i) {
        const int64_t place = entries[static_cast<size_t>(i)].place;
        values[start + i * step] = from[place * step];
        places[start + i * step] = place;
      }
    }
  });
}

/// A total order: equal keys by place, so that any sort is stable.
template <class K>
bool comes_before(const Entry<K>& a, const Entry<K>& b, bool descending) {
  const bool forwards = descending ? less(b.key, a.key) : less(a.key, b.key);
  if (forwards) return true;
  const bool backwards = descending ? less(a.key, b.key) : less(b.key, a.key);
  return !backwards && a.place < b.place;
}

void sort_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  const int64_t dim = normalize_dim("sort", call.get<int64_t>(0), x.dim());
  const bool descending = call.get<bool>(1);
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (!requires(T value) { value.imag(); }) {
      order_rows<T>(x, dim, around(x.sizes(), dim).size, outputs, [&](auto& entries) {
        std::sort(entries.begin(), entries.end(),
                  [&](const auto& a, const auto& b) { return comes_before(a, b, descending); });
      });
    }
  });
}

void topk_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  const int64_t k = call.get<int64_t>(0);
  const int64_t dim = normalize_dim("topk", call.get<int64_t>(1), x.dim());
  const bool largest = call.get<bool>(2);
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (!requires(T value) { value.imag(); }) {
      order_rows<T>(x, dim, k, outputs, [&](auto& entries) {
        std::partial_sort(
            entries.begin(), entries.begin() + k, entries.end(),
            [&](const auto& a, const auto& b) { return comes_before(a, b, largest); });
      });
    }
  });
}

template <class T>
void unique_of(const Tensor& x, bool return_inverse, bool return_counts,
               std::span<Tensor> outputs) {
  const T* in = x.data<T>();
  std::vector<int64_t> order(static_cast<size_t>(x.numel()));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const auto u = key_of(in[a]), v = key_of(in[b]);
    return less(u, v) || (!less(v, u) && a < b);
  });
  std::vector<int64_t> firsts, counts;
  outputs[1] = new_tensor(return_inverse ? x.sizes() : Shape{0}, kInt64, x.device());
  for (size_t i = 0; i < order.size(); ++i) {
    const bool same = i > 0 && key_of(in[order[i]]) == key_of(in[order[i - 1]]);
    if (!same) {
      firsts.push_back(order[i]);
      counts.push_back(0);
    }
    ++counts.back();
    if (return_inverse) {
      outputs[1].data<int64_t>()[order[i]] = static_cast<int64_t>(firsts.size()) - 1;
    }
  }
  const auto count = static_cast<int64_t>(firsts.size());
  outputs[0] = new_tensor({count}, x.dtype(), x.device());
  outputs[2] = new_tensor({return_counts ? count : 0}, kInt64, x.device());
  for (int64_t i = 0; i < count; ++i) {
    outputs[0].data<T>()[i] = in[firsts[static_cast<size_t>(i)]];
    if (return_counts) outputs[2].data<int64_t>()[i] = counts[static_cast<size_t>(i)];
  }
}

void unique_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (!requires(T value) { value.imag(); }) {
      unique_of<T>(x, call.get<bool>(1), call.get<bool>(2), outputs);
    }
  });
}

}  // namespace

void register_sort() {
  register_kernel(OpId::kSort, kCpu.type, sort_kernel);
  register_kernel(OpId::kTopk, kCpu.type, topk_kernel);
  register_kernel(OpId::kUnique, kCpu.type, unique_kernel);
}

}  // namespace tenon::cpu
