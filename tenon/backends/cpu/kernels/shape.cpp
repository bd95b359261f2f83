// Kernels of ops/shape and of empty: elements are moved, never looked at, but for view_backward,
// which adds.

#include <cstring>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

void leave_as_is(const Call&, std::span<Tensor>) {}

void cat_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  const auto along = static_cast<size_t>(normalize_dim("cat", call.get<int64_t>(0), output.dim()));
  StridedMemory target = memory_of(output);
  for (const Tensor* input : call.inputs) {
    const Tensor part = converted(*input, output.dtype());
    copy_strided(part.sizes(), memory_of(part), target, output.itemsize());
    target.data +=
        part.sizes()[along] * target.strides[along] * static_cast<int64_t>(output.itemsize());
  }
}

void flip_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& x = call.input(0);
  if (x.numel() == 0) return;
  StridedMemory source = memory_of(x);
  for (const int64_t named : call.get<IntList>(0)) {
    const auto dim = static_cast<size_t>(normalize_dim("flip", named, x.dim()));
    if (x.dim() == 0) break;
    source.data += (x.sizes()[dim] - 1) * x.strides()[dim] * static_cast<int64_t>(x.itemsize());
    source.strides[dim] = -x.strides()[dim];
  }
  copy_strided(x.sizes(), source, memory_of(outputs[0]), x.itemsize());
}

void fill(const Tensor& output, double value) {
  visit_dtype(output.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T number;
    if constexpr (std::is_same_v<T, bool>) {
      number = value != 0;
    } else if constexpr (std::is_integral_v<T>) {
      number = static_cast<T>(Scalar(value).to_int());
    } else if constexpr (std::is_same_v<T, double>) {
      number = value;
    } else {
      number = T(static_cast<float>(value));
    }
    T* out = output.data<T>();
    std::fill(out, out + output.numel(), number);
  });
}

void pad_constant_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor &x = call.input(0), &output = outputs[0];
  const auto before = call.get<IntList>(0), after = call.get<IntList>(1);
  fill(output, call.get<double>(2));
  StridedMemory source = memory_of(x), target = memory_of(output);
  const auto itemsize = static_cast<int64_t>(x.itemsize());
  Shape sizes = x.sizes();
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t cut = before[i] < 0 ? -before[i] : 0;
    source.data += cut * source.strides[i] * itemsize;
    target.data += (before[i] > 0 ? before[i] : 0) * target.strides[i] * itemsize;
    sizes[i] -= cut + (after[i] < 0 ? -after[i] : 0);
    if (sizes[i] <= 0) return;
  }
  copy_strided(sizes, source, target, x.itemsize());
}

/// Whether two elements of a view may share a place in memory.
bool may_overlap(const Shape& sizes, const Shape& strides) {
  Shape order;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] > 1) order.push_back(static_cast<int64_t>(i));
  }
  const auto stride_of = [&](int64_t i) { return strides[static_cast<size_t>(i)]; };
  std::sort(order.begin(), order.end(),
            [&](int64_t a, int64_t b) { return stride_of(a) < stride_of(b); });
  int64_t reach = 0;  // of the dims with smaller strides
  for (const int64_t i : order) {
    if (stride_of(i) <= reach) return true;
    reach += (sizes[static_cast<size_t>(i)] - 1) * stride_of(i);
  }
  return false;
}

void view_backward_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor &dy = call.input(0), &output = outputs[0];
  const auto listed = call.get<IntList>(1);
  const Shape strides(listed);
  const int64_t offset = call.get<int64_t>(2);
  if (output.nbytes() != 0) std::memset(output.impl()->data(), 0, output.nbytes());
  if (dy.numel() == 0) return;
  const auto itemsize = static_cast<int64_t>(output.itemsize());
  const StridedMemory target{static_cast<char*>(output.impl()->data()) + offset * itemsize,
                             strides};
  if (!may_overlap(dy.sizes(), strides)) {
    copy_strided(dy.sizes(), memory_of(dy), target, output.itemsize());
    return;
  }
  const Tensor source = row_major(dy);
  visit_dtype(output.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (!std::is_same_v<T, bool>) {
      const T* from = source.data<T>();
      T* to = reinterpret_cast<T*>(target.data);
      const Shape& sizes = dy.sizes();
      for (int64_t i = 0; i < source.numel(); ++i) {
        int64_t rest = i, place = 0;
        for (size_t d = sizes.size(); d-- > 0;) {
          place += rest % sizes[d] * strides[d];
          rest /= sizes[d];
        }
        to[place] = static_cast<T>(to[place] + from[i]);
      }
    }
  });
}

}  // namespace

void register_shape() {
  register_kernel(OpId::kEmpty, kCpu.type, leave_as_is);
  register_kernel(OpId::kEmptyLike, kCpu.type, leave_as_is);
  register_kernel(OpId::kCat, kCpu.type, cat_kernel);
  register_kernel(OpId::kFlip, kCpu.type, flip_kernel);
  register_kernel(OpId::kPadConstant, kCpu.type, pad_constant_kernel);
  register_kernel(OpId::kViewBackward, kCpu.type, view_backward_kernel);
}

}  // namespace tenon::cpu
