// Kernels of sort and topk: a row is one task, or many where it is long, and equal elements keep
// their order.

#include <algorithm>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/ordering.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kPiece = int64_t{1} << 16;

/// Of the first `count` entries of two sorted sequences merged, how many come from the first.
template <class E, class Before>
int64_t taken_from_first(std::span<const E> a, std::span<const E> b, int64_t count, Before before) {
  int64_t least = std::max<int64_t>(0, count - std::ssize(b));
  int64_t most = std::min<int64_t>(count, std::ssize(a));
  while (least < most) {
    const int64_t i = (least + most) / 2;
    if (before(a[static_cast<size_t>(i)], b[static_cast<size_t>(count - i - 1)])) {
      least = i + 1;
    } else {
      most = i;
    }
  }
  return least;
}

/// Long rows are sorted in pieces, which are merged, a piece of the result at a time: as `before`
/// is a total order, the result is the same whoever does which.
template <class E, class Before>
void sort_entries(std::vector<E>& entries, Before before) {
  const auto size = std::ssize(entries);
  parallel_for(size, kPiece, [&](int64_t begin, int64_t end) {
    std::sort(entries.begin() + begin, entries.begin() + end, before);
  });
  if (size <= kPiece) return;
  std::vector<E> merged(entries.size());
  for (int64_t width = kPiece; width < size; width *= 2) {
    parallel_for(size, kPiece, [&](int64_t begin, int64_t end) {
      const int64_t start = begin / (2 * width) * (2 * width);
      const int64_t middle = std::min(size, start + width), stop = std::min(size, middle + width);
      const auto part = [&](int64_t from, int64_t to) {
        return std::span<const E>(entries).subspan(static_cast<size_t>(from),
                                                   static_cast<size_t>(to - from));
      };
      const auto a = part(start, middle), b = part(middle, stop);
      const int64_t i = taken_from_first(a, b, begin - start, before);
      const int64_t last = taken_from_first(a, b, end - start, before);
      std::merge(a.begin() + i, a.begin() + last, b.begin() + (begin - start - i),
                 b.begin() + (end - start - last), merged.begin() + begin, before);
    });
    entries.swap(merged);
  }
}

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
      parallel_for(size, kPiece, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          entries[static_cast<size_t>(i)] = {key_of(from[i * step]), i};
        }
      });
      order(entries);
      const int64_t start = rows.start(row, kept);
      parallel_for(kept, kPiece, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          const int64_t place = entries[static_cast<size_t>(i)].place;
          values[start + i * step] = from[place * step];
          places[start + i * step] = place;
        }
      });
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
        sort_entries(entries,
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
