// Kernels of sort and topk: a row is one task, and equal elements keep their order.

#include <algorithm>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/ordering.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

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

}  // namespace

void register_sort() {
  register_kernel(OpId::kSort, kCpu.type, sort_kernel);
  register_kernel(OpId::kTopk, kCpu.type, topk_kernel);
}

}  // namespace tenon::cpu
