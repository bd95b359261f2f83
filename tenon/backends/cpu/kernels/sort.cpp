// Kernels of sort and topk: a row is one task, or many where it is long, and equal elements keep
// their order.

#include <algorithm>
#include <utility>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/ordering.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kPiece = int64_t{1} << 17;

/// Entries that split the others into `parts` of about the same size, in order: every so many of a
/// sorted sample.
template <class E, class Before>
std::vector<E> pivots_of(const std::vector<E>& entries, size_t parts, Before before) {
  constexpr size_t kSamples = 32;  // for each part
  std::vector<E> sample, pivots;
  for (size_t i = 0; i < parts * kSamples; ++i) {
    sample.push_back(entries[i * (entries.size() / (parts * kSamples))]);
  }
  std::sort(sample.begin(), sample.end(), before);
  for (size_t part = 1; part < parts; ++part) pivots.push_back(sample[part * kSamples]);
  return pivots;
}

/// Long rows are dealt out into parts, one behind the other in order, and each part is sorted: as
/// `before` is a total order, the result is the same whatever the parts are.
template <class E, class Before>
void sort_entries(std::vector<E>& entries, Before before) {
  const auto size = std::ssize(entries);
  if (size <= kPiece) return std::sort(entries.begin(), entries.end(), before);
  constexpr int64_t kMostParts = 512;
  const int64_t piece = std::max(kPiece, (size + kMostParts - 1) / kMostParts);
  const auto pieces = static_cast<size_t>((size + piece - 1) / piece), parts = pieces;
  const std::vector<E> pivots = pivots_of(entries, parts, before);
  std::vector<uint32_t> part_of(entries.size());
  // Of each piece, how many of its entries go to each part; then, where the next of them goes.
  std::vector<std::vector<size_t>> places(pieces, std::vector<size_t>(parts));
  parallel_for(size, piece, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const auto pivot = std::upper_bound(pivots.begin(), pivots.end(), entries[i], before);
      part_of[i] = static_cast<uint32_t>(pivot - pivots.begin());
      ++places[static_cast<size_t>(begin / piece)][part_of[i]];
    }
  });
  std::vector<int64_t> starts = {0};
  size_t next = 0;
  for (size_t part = 0; part < parts; ++part) {
    for (std::vector<size_t>& of_piece : places) next += std::exchange(of_piece[part], next);
    starts.push_back(static_cast<int64_t>(next));
  }
  std::vector<E> dealt(entries.size());
  parallel_for(size, piece, [&](int64_t begin, int64_t end) {
    std::vector<size_t>& to = places[static_cast<size_t>(begin / piece)];
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      dealt[to[part_of[i]]++] = entries[i];
    }
  });
  entries.swap(dealt);
  parallel_for(static_cast<int64_t>(parts), 1, [&](int64_t part, int64_t) {
    std::sort(entries.begin() + starts[static_cast<size_t>(part)],
              entries.begin() + starts[static_cast<size_t>(part) + 1], before);
  });
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
