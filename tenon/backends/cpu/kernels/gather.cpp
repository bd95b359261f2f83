// Kernels of gather, scatter and what combines by place, embedding, index_rows, index_put_rows.

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tenon/backends/cpu/kernels/index.h"
#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/ordering.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// Where position `i` of row-major `sizes` lies by these strides.
int64_t place_of(int64_t i, const Shape& sizes, const Shape& strides) {
  int64_t place = 0;
  for (size_t d = sizes.size(); d-- > 0;) {
    place += i % sizes[d] * strides[d];
    i /= sizes[d];
  }
  return place;
}

/// Calls `body(first, last)` for the part of each row of row-major `sizes` in [begin, end).
template <class Body>
void for_rows(const Shape& sizes, int64_t begin, int64_t end, Body body) {
  const int64_t length = sizes.empty() ? 1 : sizes.back();
  while (begin < end) {
    const int64_t last = std::min(end, (begin / length + 1) * length);
    body(begin, last);
    begin = last;
  }
}

int64_t last_of(const Shape& strides) { return strides.empty() ? 0 : strides.back(); }

/// The strides of row-major `sizes`, which don't go along one dim.
Shape strides_around(const Shape& sizes, size_t along) {
  Shape strides = contiguous_strides(sizes);
  if (!strides.empty()) strides[along] = 0;
  return strides;
}

size_t dim_of(const Call& call) {
  return static_cast<size_t>(
      normalize_dim(call.op.name, call.get<int64_t>(0), call.input(0).dim()));
}

int64_t size_along(const Tensor& x, size_t dim) { return x.dim() == 0 ? 1 : x.sizes()[dim]; }
int64_t stride_along(const Tensor& x, size_t dim) { return x.dim() == 0 ? 1 : x.strides()[dim]; }

void gather_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0)), index = index_values(call.input(1));
  const size_t along = dim_of(call);
  check_indices("gather", index, size_along(x, along));
  const Shape outer = strides_around(x.sizes(), along);
  const int64_t stride = stride_along(x, along);
  const auto* numbers = index.data<int64_t>();
  visit_size(x.itemsize(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* from = static_cast<const T*>(x.impl()->data());
    T* to = static_cast<T*>(outputs[0].impl()->data());
    parallel_for(index.numel(), kGrain, [&](int64_t begin, int64_t end) {
      for_rows(index.sizes(), begin, end, [&](int64_t first, int64_t last) {
        const T* row = from + place_of(first, index.sizes(), outer);
        for (int64_t i = first; i < last; ++i, row += last_of(outer)) {
          to[i] = row[numbers[i] * stride];
        }
      });
    });
  });
}

/// Calls `put(T& target, const T& source)` for each index on a copy of x, in order for each target;
/// different targets are different threads' business.
template <class T, class Put>
void scatter_into(const Call& call, const Tensor& output, Put put) {
  const Tensor& x = call.input(0);
  const Tensor index = index_values(call.input(1));
  const Tensor source = row_major(converted(call.input(2), x.dtype()));
  const size_t along = dim_of(call);
  check_indices(call.op.name, index, size_along(x, along));
  copy_strided(x.sizes(), memory_of(x), memory_of(output), x.itemsize());
  const Shape outer = strides_around(output.sizes(), along);
  // A source may be larger than the index, or one number.
  const Shape source_strides = source.sizes().size() == index.sizes().size()
                                   ? contiguous_strides(source.sizes())
                                   : Shape(index.sizes().size(), 0);
  const int64_t stride = stride_along(output, along);
  const auto* numbers = index.data<int64_t>();
  const T* from = static_cast<const T*>(source.impl()->data());
  T* to = static_cast<T*>(output.impl()->data());
  // Indices that differ before `along` never meet; others go in order.
  int64_t block = 1;
  for (size_t d = along; d < index.sizes().size(); ++d) block *= index.sizes()[d];
  const int64_t blocks = index.numel() == 0 ? 0 : index.numel() / block;
  parallel_for(blocks, rows_per_chunk(block), [&](int64_t begin, int64_t end) {
    for_rows(index.sizes(), begin * block, end * block, [&](int64_t first, int64_t last) {
      T* row = to + place_of(first, index.sizes(), outer);
      const T* read = from + place_of(first, index.sizes(), source_strides);
      for (int64_t i = first; i < last; ++i) {
        put(row[numbers[i] * stride], *read);
        row += last_of(outer);
        read += last_of(source_strides);
      }
    });
  });
}

void scatter_kernel(const Call& call, std::span<Tensor> outputs) {
  visit_size(outputs[0].itemsize(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    scatter_into<T>(call, outputs[0], [](T& target, const T& value) { target = value; });
  });
}

void scatter_add_kernel(const Call& call, std::span<Tensor> outputs) {
  visit_dtype(outputs[0].dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    scatter_into<T>(call, outputs[0],
                    [](T& target, const T& value) { target = static_cast<T>(target + value); });
  });
}

void scatter_multiply_kernel(const Call& call, std::span<Tensor> outputs) {
  visit_ordered(outputs[0].dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    scatter_into<T>(call, outputs[0], [](T& target, const T& value) {
      if constexpr (std::is_integral_v<T>) {
        // Unsigned and wide: products wrap around.
        target = static_cast<T>(static_cast<uint64_t>(target) * static_cast<uint64_t>(value));
      } else {
        target = static_cast<T>(target * value);
      }
    });
  });
}

void scatter_extreme_kernel(const Call& call, std::span<Tensor> outputs) {
  const bool largest = call.get<bool>(1), include_self = call.get<bool>(2);
  std::vector<uint8_t> untouched(include_self ? 0 : static_cast<size_t>(outputs[0].numel()), 1);
  visit_ordered(outputs[0].dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* first = outputs[0].data<T>();
    scatter_into<T>(call, outputs[0], [&](T& target, const T& value) {
      const auto key = key_of(value), old = key_of(target);
      bool wins = is_nan(key) || (!is_nan(old) && (largest ? key > old : key < old));
      if (!include_self) {
        const auto place = static_cast<size_t>(&target - first);
        wins = wins || untouched[place] != 0;
        untouched[place] = 0;
      }
      if (wins) target = value;
    });
  });
}

void embedding_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor weight = row_major(call.input(0)), index = index_values(call.input(1));
  check_indices("embedding", index, weight.size(0));
  const auto* numbers = index.data<int64_t>();
  const auto bytes = static_cast<size_t>(weight.size(1)) * weight.itemsize();
  const char* from = static_cast<const char*>(weight.impl()->data());
  char* to = static_cast<char*>(outputs[0].impl()->data());
  parallel_for(index.numel(), rows_per_chunk(weight.size(1)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(to + static_cast<size_t>(i) * bytes,
                  from + static_cast<size_t>(numbers[i]) * bytes, bytes);
    }
  });
}

/// For each place of the broadcast index tensors, the number of the row of `x` that they name.
std::vector<int64_t> row_numbers(const Tensor& x, std::span<const Tensor* const> indices,
                                 Shape& places) {
  places = indices[0]->sizes();
  for (const Tensor* index : indices) {
    places = broadcast_shapes("index", places, index->sizes());
  }
  const int64_t count = count_elements("index", places);
  std::vector<int64_t> rows(static_cast<size_t>(count), 0);
  for (size_t k = 0; k < indices.size(); ++k) {
    const Tensor index = index_values(*indices[k]);
    const Shape strides = broadcast_strides("index", index.sizes(), index.strides(), places);
    const auto* numbers = index.data<int64_t>();
    const int64_t size = x.sizes()[k];
    parallel_for(count, kGrain, [&](int64_t begin, int64_t end) {
      for_rows(places, begin, end, [&](int64_t first, int64_t last) {
        const int64_t* at = numbers + place_of(first, places, strides);
        for (int64_t i = first; i < last; ++i, at += last_of(strides)) {
          if (*at < -size || *at >= size) {
            fail<IndexError>("index", fmt::format("index {} is out of range for dim {} of size {}",
                                                  *at, k, size));
          }
          int64_t& row = rows[static_cast<size_t>(i)];
          row = row * size + (*at < 0 ? *at + size : *at);
        }
      });
    });
  }
  return rows;
}

int64_t row_length(const Tensor& x, size_t indexed) {
  int64_t length = 1;
  for (size_t i = indexed; i < x.sizes().size(); ++i) length *= x.sizes()[i];
  return length;
}

void index_rows_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  const auto indices = call.inputs.subspan(1);
  Shape places;
  const std::vector<int64_t> rows = row_numbers(x, indices, places);
  const int64_t length = row_length(x, indices.size());
  visit_size(x.itemsize(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* from = static_cast<const T*>(x.impl()->data());
    T* to = static_cast<T*>(outputs[0].impl()->data());
    parallel_for(static_cast<int64_t>(rows.size()), rows_per_chunk(length),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     const T* row = from + rows[static_cast<size_t>(i)] * length;
                     std::copy(row, row + length, to + i * length);
                   }
                 });
  });
}

void index_put_rows_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor &x = call.input(0), &output = outputs[0];
  const auto indices = call.inputs.subspan(2);
  Shape sizes;
  const std::vector<int64_t> rows = row_numbers(x, indices, sizes);
  for (size_t i = indices.size(); i < x.sizes().size(); ++i) sizes.push_back(x.sizes()[i]);
  const Tensor given = converted(call.input(1), x.dtype());
  const Tensor values = row_major(
      new_view(given, sizes, broadcast_strides("index_put", given.sizes(), given.strides(), sizes),
               given.storage_offset()));
  copy_strided(x.sizes(), memory_of(x), memory_of(output), x.itemsize());
  const int64_t length = row_length(x, indices.size());
  const bool accumulate = call.get<bool>(0);
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* from = values.data<T>();
    T* to = output.data<T>();
    for (size_t i = 0; i < rows.size(); ++i, from += length) {
      T* row = to + rows[i] * length;
      if constexpr (!std::is_same_v<T, bool>) {
        if (accumulate) {
          for (int64_t j = 0; j < length; ++j) row[j] = static_cast<T>(row[j] + from[j]);
          continue;
        }
      }
      std::copy(from, from + length, row);
    }
  });
}

}  // namespace

void register_gather() {
  register_kernel(OpId::kGather, kCpu.type, gather_kernel);
  register_kernel(OpId::kScatter, kCpu.type, scatter_kernel);
  register_kernel(OpId::kScatterAdd, kCpu.type, scatter_add_kernel);
  register_kernel(OpId::kScatterMultiply, kCpu.type, scatter_multiply_kernel);
  register_kernel(OpId::kScatterExtreme, kCpu.type, scatter_extreme_kernel);
  register_kernel(OpId::kEmbedding, kCpu.type, embedding_kernel);
  register_kernel(OpId::kIndexRows, kCpu.type, index_rows_kernel);
  register_kernel(OpId::kIndexPutRows, kCpu.type, index_put_rows_kernel);
}

}  // namespace tenon::cpu
