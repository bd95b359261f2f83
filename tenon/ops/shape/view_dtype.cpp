#include "tenon/ops/shape/view_dtype.h"

#include <fmt/format.h>

#include "tenon/base/error.h"

namespace tenon {
namespace {

[[noreturn]] void fail_view(const Tensor& x, DType dtype, const std::string& expected) {
  fail<ShapeError>("view",
                   fmt::format("to see {} as {}, {}; sizes are {}, strides {}, the offset "
                               "{}; make it contiguous(), or convert it with to()",
                               name_of(x.dtype()), name_of(dtype), expected, to_string(x.sizes()),
                               to_string(x.strides()), x.storage_offset()));
}

/// Where a larger element's bytes start, counted in these; `times` smaller ones make one.
int64_t whole(const Tensor& x, DType dtype, int64_t number, int64_t times, const char* what) {
  if (number % times != 0) {
    fail_view(x, dtype, fmt::format("{} must be a multiple of {}", what, times));
  }
  return number / times;
}

}  // namespace

Tensor view_dtype(const Tensor& x, DType dtype) {
  if (dtype == kBool && x.dtype() != kBool) {
    fail<DTypeError>("view", fmt::format("bytes of {} can't be seen as bool, which are 0 or 1; "
                                         "compare with 0, or convert with to(bool)",
                                         name_of(x.dtype())));
  }
  const auto from = static_cast<int64_t>(size_of(x.dtype()));
  const auto to = static_cast<int64_t>(size_of(dtype));
  Shape sizes = x.sizes(), strides = x.strides();
  int64_t offset = x.storage_offset();
  if (from != to) {
    if (x.dim() == 0) fail_view(x, dtype, "there must be a dim, as elements differ in size");
    if (strides.back() != 1) fail_view(x, dtype, "the last dim must have stride 1");
    const size_t last = sizes.size() - 1;
    if (from > to) {
      const int64_t times = from / to;
      sizes[last] *= times;
      for (size_t i = 0; i < last; ++i) strides[i] *= times;
      offset *= times;
    } else {
      const int64_t times = to / from;
      sizes[last] = whole(x, dtype, sizes[last], times, "the size of the last dim");
      for (size_t i = 0; i < last; ++i) {
        strides[i] = whole(x, dtype, strides[i], times, "every other stride");
      }
      offset = whole(x, dtype, offset, times, "the offset");
    }
  }
  const Tensor view = new_view(x, sizes, strides, offset);
  view.impl()->dtype = dtype;
  view.impl()->base = {};  // gradients know nothing of writes through it
  return view;
}

}  // namespace tenon
