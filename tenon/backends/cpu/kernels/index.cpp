// Kernels that move slices by number: index_select, index_add, nonzero.

#include "tenon/backends/cpu/kernels/index.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {

void check_indices(std::string_view call, const Tensor& index, int64_t size) {
  const auto* values = index.data<int64_t>();
  uint64_t outside = 0;  // the highest bit, where a number or what is left of the size is below 0
  for (int64_t i = 0; i < index.numel(); ++i) {
    const auto value = static_cast<uint64_t>(values[i]);
    outside |= value | (static_cast<uint64_t>(size) - 1 - value);
  }
  if (outside >> 63 == 0) return;
  for (int64_t i = 0; i < index.numel(); ++i) {
    if (values[i] < 0 || values[i] >= size) {
      fail<IndexError>(call, fmt::format("index {} at place {} is out of range for size {}",
                                         values[i], i, size));
    }
  }
}

namespace {

void index_select_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0)), index = index_values(call.input(1));
  const int64_t dim = normalize_dim("index_select", call.get<int64_t>(0), x.dim());
  const Around place = around(x.sizes(), dim);
  check_indices("index_select", index, place.size);
  const auto* numbers = index.data<int64_t>();
  const int64_t count = index.numel();
  const auto bytes = static_cast<size_t>(place.inner) * x.itemsize();
  const char* from = static_cast<const char*>(x.impl()->data());
  char* to = static_cast<char*>(outputs[0].impl()->data());
  parallel_for(place.outer * count, rows_per_chunk(place.inner), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t source = row / count * place.size + numbers[row % count];
      std::memcpy(to + static_cast<size_t>(row) * bytes, from + static_cast<size_t>(source) * bytes,
                  bytes);
    }
  });
}

void index_add_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& x = call.input(0);
  const Tensor index = index_values(call.input(1)), source = row_major(call.input(2));
  const int64_t dim = normalize_dim("index_add", call.get<int64_t>(0), x.dim());
  const Around place = around(x.sizes(), dim);
  check_indices("index_add", index, place.size);
  copy_strided(x.sizes(), memory_of(x), memory_of(outputs[0]), x.itemsize());
  const auto* numbers = index.data<int64_t>();
  const int64_t count = index.numel();
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* from = source.data<T>();
    T* to = outputs[0].data<T>();
    // Columns are independent of each other: each chunk takes all slices, in order. Fewer columns
    // than a few cache lines hold would read the lines of the others, too.
    constexpr int64_t kFewColumns = 32;
    const int64_t columns = place.outer * place.inner;
    const int64_t grain = std::max(kFewColumns, rows_per_chunk(count));
    parallel_for(columns, grain, [&](int64_t begin, int64_t end) {
      for (int64_t column = begin; column < end;) {
        const int64_t outer = column / place.inner, first = column % place.inner;
        const int64_t width = std::min(end - column, place.inner - first);
        for (int64_t i = 0; i < count; ++i) {
          const T* row = from + (outer * count + i) * place.inner + first;
          T* sum = to + (outer * place.size + numbers[i]) * place.inner + first;
          for (int64_t j = 0; j < width; ++j) sum[j] = static_cast<T>(sum[j] + row[j]);
        }
        column += width;
      }
    });
  });
}

template <class T>
bool is_nonzero(const T& value) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return static_cast<float>(value) != 0;
  } else {
    return value != T{};
  }
}

void nonzero_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  const int64_t chunks = (x.numel() + kGrain - 1) / kGrain;
  // How many there are in each chunk; then, how many before it.
  std::vector<int64_t> counts(static_cast<size_t>(chunks));
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* values = x.data<T>();
    parallel_for(x.numel(), kGrain, [&](int64_t begin, int64_t end) {
      int64_t count = 0;
      for (int64_t i = begin; i < end; ++i) count += is_nonzero(values[i]) ? 1 : 0;
      counts[static_cast<size_t>(begin / kGrain)] = count;
    });
    int64_t total = 0;
    for (int64_t& count : counts) total += std::exchange(count, total);
    outputs[0] = new_tensor({total, x.dim()}, kInt64, x.device());
    auto* out = outputs[0].data<int64_t>();
    parallel_for(x.numel(), kGrain, [&](int64_t begin, int64_t end) {
      int64_t* to = out + counts[static_cast<size_t>(begin / kGrain)] * x.dim();
      for (int64_t i = begin; i < end; ++i) {
        if (!is_nonzero(values[i])) continue;
        int64_t rest = i;
        for (size_t d = x.sizes().size(); d-- > 1;) {
          to[d] = rest % x.sizes()[d];
          rest /= x.sizes()[d];
        }
        if (x.dim() > 0) to[0] = rest;
        to += x.dim();
      }
    });
  });
}

}  // namespace

void register_index() {
  register_kernel(OpId::kIndexSelect, kCpu.type, index_select_kernel);
  register_kernel(OpId::kIndexAdd, kCpu.type, index_add_kernel);
  register_kernel(OpId::kNonzero, kCpu.type, nonzero_kernel);
}

}  // namespace tenon::cpu
