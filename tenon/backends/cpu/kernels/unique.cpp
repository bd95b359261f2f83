// Kernels of unique, unique_consecutive, unique_dim, and of the search in sorted rows.

#include <algorithm>
#include <numeric>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/ordering.h"
#include "tenon/backends/cpu/kernels/radix.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// Runs of equal things among `count` in some order: thing `order(i)` begins one unless
/// `same(i)` says that it equals the one before it.
struct Runs {
  std::vector<int64_t> firsts, lengths;

  template <class Order, class Same>
  Runs(int64_t count, Order order, Same same, int64_t* inverse) {
    for (int64_t i = 0; i < count; ++i) {
      if (i == 0 || !same(i)) {
        firsts.push_back(order(i));
        lengths.push_back(0);
      }
      ++lengths.back();
      if (inverse) inverse[order(i)] = static_cast<int64_t>(firsts.size()) - 1;
    }
  }
  int64_t count() const { return static_cast<int64_t>(firsts.size()); }
};

/// A tensor for what was asked for, else an empty one.
Tensor numbers_if(bool wanted, const Shape& sizes) {
  return new_tensor(wanted ? sizes : Shape{0}, kInt64);
}

Tensor lengths_if(bool wanted, const Runs& runs) {
  const Tensor counts = numbers_if(wanted, Shape{runs.count()});
  if (wanted) std::copy(runs.lengths.begin(), runs.lengths.end(), counts.data<int64_t>());
  return counts;
}

/// The slices of row-major `x` around a dim with these numbers.
Tensor slices(const Tensor& x, const Around& at, const std::vector<int64_t>& numbers, Shape sizes,
              size_t dim) {
  const auto count = static_cast<int64_t>(numbers.size());
  if (!sizes.empty()) sizes[dim] = count;
  const Tensor result = new_tensor(sizes, x.dtype());
  visit_size(x.itemsize(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* from = static_cast<const T*>(x.impl()->data());
    T* to = static_cast<T*>(result.impl()->data());
    for (int64_t outer = 0; outer < at.outer; ++outer) {
      for (const int64_t number : numbers) {
        const T* slice = from + (outer * at.size + number) * at.inner;
        to = std::copy(slice, slice + at.inner, to);
      }
    }
  });
  return result;
}

std::vector<int64_t> in_order(int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

/// Places of elements in the elements' order, equal ones in that of their places.
template <class T>
std::vector<int64_t> sorted_places(const T* in, int64_t count) {
  using U = decltype(order_bits(key_of(T())));
  std::vector<int64_t> order(static_cast<size_t>(count));
  visit_item<U>(count, [&](auto tag) {
    using I = decltype(tag);
    const ItemMemory<I> memory(count), spare(count);
    for (int64_t i = 0; i < count; ++i) memory.data()[i] = I::of(order_bits(key_of(in[i])), i);
    const I* sorted = sort_items(memory.data(), spare.data(), count, sizeof(U));
    for (int64_t i = 0; i < count; ++i) order[static_cast<size_t>(i)] = sorted[i].place();
  });
  return order;
}

/// unique and unique_consecutive: of the flattened tensor, sorted or as it is.
void unique_of(const Tensor& given, bool sorts, bool return_inverse, bool return_counts,
               std::span<Tensor> outputs) {
  const Tensor x = row_major(given);
  outputs[1] = numbers_if(return_inverse, x.sizes());
  int64_t* inverse = return_inverse ? outputs[1].data<int64_t>() : nullptr;
  visit_ordered(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* in = x.data<T>();
    const std::vector<int64_t> order = sorts ? sorted_places(in, x.numel()) : in_order(x.numel());
    const auto at = [&](int64_t i) { return order[static_cast<size_t>(i)]; };
    const Runs runs(
        x.numel(), at, [&](int64_t i) { return key_of(in[at(i)]) == key_of(in[at(i - 1)]); },
        inverse);
    outputs[0] = slices(x, Around{1, x.numel(), 1}, runs.firsts, Shape{0}, 0);
    outputs[2] = lengths_if(return_counts, runs);
  });
}

void unique_kernel(const Call& call, std::span<Tensor> outputs) {
  unique_of(call.input(0), true, call.get<bool>(1), call.get<bool>(2), outputs);
}

void unique_consecutive_kernel(const Call& call, std::span<Tensor> outputs) {
  unique_of(call.input(0), false, call.get<bool>(0), call.get<bool>(1), outputs);
}

void unique_dim_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  const int64_t dim = normalize_dim("unique", call.get<int64_t>(0), x.dim());
  const Around at = around(x.sizes(), dim);
  outputs[1] = numbers_if(call.get<bool>(1), Shape{at.size});
  int64_t* inverse = call.get<bool>(1) ? outputs[1].data<int64_t>() : nullptr;
  visit_ordered(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* in = x.data<T>();
    // -1, 0 or 1: how two slices compare, element by element.
    const auto compare = [&](int64_t a, int64_t b) {
      for (int64_t i = 0; i < at.outer * at.inner; ++i) {
        const int64_t start = i / at.inner * at.size * at.inner + i % at.inner;
        const auto u = key_of(in[start + a * at.inner]), v = key_of(in[start + b * at.inner]);
        if (less(u, v)) return -1;
        if (less(v, u)) return 1;
      }
      return 0;
    };
    std::vector<int64_t> order = in_order(at.size);
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return compare(a, b) < 0; });
    const auto place = [&](int64_t i) { return order[static_cast<size_t>(i)]; };
    const Runs runs(
        at.size, place, [&](int64_t i) { return compare(place(i), place(i - 1)) == 0; }, inverse);
    outputs[0] = slices(x, at, runs.firsts, x.sizes(), static_cast<size_t>(dim));
    outputs[2] = lengths_if(call.get<bool>(2), runs);
  });
}

void search_rows_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor sorted = row_major(call.input(0)), x = row_major(call.input(1));
  const bool right = call.get<bool>(0), one_row = sorted.dim() == 1;
  const int64_t length = sorted.sizes().back();
  const int64_t width = one_row ? x.numel() : x.sizes().back();
  auto* places = outputs[0].data<int64_t>();
  visit_ordered(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T *rows = sorted.data<T>(), *wanted = x.data<T>();
    parallel_for(x.numel(), 1 << 10, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* first = rows + (one_row ? 0 : i / width * length);
        const auto key = key_of(wanted[i]);
        const T* place =
            right ? std::upper_bound(first, first + length, key,
                                     [](auto k, const T& e) { return less(k, key_of(e)); })
                  : std::lower_bound(first, first + length, key,
                                     [](const T& e, auto k) { return less(key_of(e), k); });
        places[i] = place - first;
      }
    });
  });
}

}  // namespace

void register_unique() {
  register_kernel(OpId::kUnique, kCpu.type, unique_kernel);
  register_kernel(OpId::kUniqueConsecutive, kCpu.type, unique_consecutive_kernel);
  register_kernel(OpId::kUniqueDim, kCpu.type, unique_dim_kernel);
  register_kernel(OpId::kSearchRows, kCpu.type, search_rows_kernel);
}

}  // namespace tenon::cpu
