#include "tenon/backends/cpu/kernels/support.h"

#include <cstring>

#include "tenon/base/parallel.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/dispatch/modes.h"

namespace tenon::cpu {
namespace {

/// Dims of size 1 dropped, and neighbours merged that both sides step through as one.
void collapse(const Shape& sizes, const StridedMemory& from, const StridedMemory& to, Shape& out,
              Shape& from_strides, Shape& to_strides) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 1) continue;
    if (!out.empty() && from_strides.back() == from.strides[i] * sizes[i] &&
        to_strides.back() == to.strides[i] * sizes[i]) {
      out.back() *= sizes[i];
      from_strides.back() = from.strides[i];
      to_strides.back() = to.strides[i];
      continue;
    }
    out.push_back(sizes[i]);
    from_strides.push_back(from.strides[i]);
    to_strides.push_back(to.strides[i]);
  }
  if (out.empty()) {
    out.push_back(1);
    from_strides.push_back(1);
    to_strides.push_back(1);
  }
}

template <class T>
void copy_row(int64_t count, const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  if (from_stride == 1 && to_stride == 1) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * to_stride] = from[i * from_stride];
  }
}

template <class T>
void copy_rows(const Shape& sizes, const T* from, const Shape& from_strides, T* to,
               const Shape& to_strides) {
  const size_t inner = sizes.size() - 1;
  int64_t rows = 1;
  for (size_t i = 0; i < inner; ++i) rows *= sizes[i];
  parallel_for(rows, rows_per_chunk(sizes[inner]), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      int64_t rest = row, source = 0, target = 0;
      for (size_t i = inner; i-- > 0;) {
        const int64_t at = rest % sizes[i];
        rest /= sizes[i];
        source += at * from_strides[i];
        target += at * to_strides[i];
      }
      copy_row(sizes[inner], from + source, from_strides[inner], to + target, to_strides[inner]);
    }
  });
}

}  // namespace

Tensor row_major(const Tensor& x) {
  if (x.is_contiguous()) return x;
  const NoGrad no_grad;
  const Tensor* const inputs[] = {&x};
  return dispatch(Call{op_definition(OpId::kClone), inputs, {}});
}

Tensor converted(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  const NoGrad no_grad;
  const Tensor* const inputs[] = {&x};
  const Attribute attributes[] = {Attribute(dtype)};
  return dispatch(Call{op_definition(OpId::kToDtype), inputs, attributes});
}

Tensor spread(const Tensor& x, DType dtype, const Shape& sizes) {
  const Tensor values = converted(x, dtype);
  if (values.sizes() == sizes) return row_major(values);
  return row_major(new_view(values, sizes,
                            broadcast_strides("broadcast", values.sizes(), values.strides(), sizes),
                            values.storage_offset()));
}

Tensor index_values(const Tensor& index) { return row_major(converted(index, kInt64)); }

void copy_strided(const Shape& sizes, const StridedMemory& from, const StridedMemory& to,
                  size_t itemsize) {
  for (const int64_t size : sizes) {
    if (size == 0) return;
  }
  Shape collapsed, from_strides, to_strides;
  collapse(sizes, from, to, collapsed, from_strides, to_strides);
  visit_size(itemsize, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    copy_rows(collapsed, reinterpret_cast<const T*>(from.data), from_strides,
              reinterpret_cast<T*>(to.data), to_strides);
  });
}

Around around(const Shape& sizes, int64_t dim) {
  Around result;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const auto place = static_cast<int64_t>(i);
    (place < dim ? result.outer : place > dim ? result.inner : result.size) *= sizes[i];
  }
  return result;
}

}  // namespace tenon::cpu
