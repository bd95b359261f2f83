// Kernels of sort and topk: equal elements keep their order.

#include <algorithm>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/ordering.h"
#include "tenon/backends/cpu/kernels/radix.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kPiece = int64_t{1} << 16;

/// Orders each row with `order(items, spare)`, which says where the ordered items lie, and writes
/// its first `kept` elements. Rows are tasks; the loops over a long one are cut, too.
template <class T, class Order>
void order_rows(const Tensor& x, int64_t dim, int64_t kept, bool descending,
                std::span<Tensor> outputs, Order order) {
  using U = decltype(order_bits(key_of(T())));
  const Rows rows{around(x.sizes(), dim)};
  const T* in = x.data<T>();
  T* values = outputs[0].data<T>();
  auto* places = outputs[1].data<int64_t>();
  const int64_t size = rows.at.size, step = rows.at.inner;
  visit_item<U>(size, [&](auto tag) {
    using I = decltype(tag);
    parallel_for(rows.count(), rows_per_chunk(size * 8), [&](int64_t begin, int64_t end) {
      const ItemMemory<I> memory(size), spare(size);
      I* items = memory.data();
      for (int64_t row = begin; row < end; ++row) {
        const T* from = in + rows.start(row, size);
        parallel_for(size, kPiece, [&](int64_t first, int64_t last) {
          for (int64_t i = first; i < last; ++i) {
            const U bits = order_bits(key_of(from[i * step]));
            items[i] = I::of(descending ? static_cast<U>(~bits) : bits, i);
          }
        });
        const I* ordered = order(items, spare.data());
        const int64_t start = rows.start(row, kept);
        parallel_for(kept, kPiece, [&](int64_t first, int64_t last) {
          for (int64_t i = first; i < last; ++i) {
            const int64_t place = ordered[i].place();
            values[start + i * step] = from[place * step];
            places[start + i * step] = place;
          }
        });
      }
    });
  });
}

void sort_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  const int64_t dim = normalize_dim("sort", call.get<int64_t>(0), x.dim());
  const int64_t size = around(x.sizes(), dim).size;
  visit_ordered(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    constexpr int kBytes = sizeof(order_bits(key_of(T())));
    order_rows<T>(x, dim, size, call.get<bool>(1), outputs,
                  [&](auto* items, auto* spare) { return sort_items(items, spare, size, kBytes); });
  });
}

void topk_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  const int64_t k = x.dim() == 0 ? 1 : call.get<int64_t>(0);  // there is no dim to make empty
  const int64_t dim = normalize_dim("topk", call.get<int64_t>(1), x.dim());
  const int64_t size = around(x.sizes(), dim).size;
  visit_ordered(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    order_rows<T>(x, dim, k, call.get<bool>(2), outputs, [&](auto* items, auto*) {
      std::partial_sort(items, items + k, items + size);
      return items;
    });
  });
}

}  // namespace

void register_sort() {
  register_kernel(OpId::kSort, kCpu.type, sort_kernel);
  register_kernel(OpId::kTopk, kCpu.type, topk_kernel);
}

}  // namespace tenon::cpu
