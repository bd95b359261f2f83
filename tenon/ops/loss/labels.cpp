#include "tenon/ops/loss/labels_internal.h"

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/deferral.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/checks_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon::ops {
namespace {

template <class T>
bool all_valid(const T* labels, int64_t count, int64_t classes, int64_t ignore_index) {
  bool valid = true;
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int64_t>(labels[i]);
    // One unsigned comparison for both ends of the range.
    valid &= static_cast<uint64_t>(label) < static_cast<uint64_t>(classes) || label == ignore_index;
  }
  return valid;
}

bool all_valid(const Tensor& target, int64_t classes, int64_t ignore_index) {
  return visit_dtype(target.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_integral_v<T>) {
      return all_valid(target.data<T>(), target.numel(), classes, ignore_index);
    } else {
      return false;
    }
  });
}

/// Finds the culprit; only on the way to an error, so it may be slow.
void find_invalid(std::string_view call, const Tensor& target, int64_t classes,
                  int64_t ignore_index) {
  const std::vector<int64_t> labels = target.to_vector<int64_t>();
  for (size_t i = 0; i < labels.size(); ++i) {
    if ((labels[i] >= 0 && labels[i] < classes) || labels[i] == ignore_index) continue;
    fail<IndexError>(call,
                     fmt::format("label {} (element {} of the target) is outside [0, {}), the "
                                 "classes of the input; ignore_index is {}",
                                 labels[i], i, classes, ignore_index));
  }
}

}  // namespace

void check_labels(std::string_view call, const Tensor& input, const Tensor& target,
                  int64_t ignore_index) {
  if (input.dim() == 0) {
    fail<ShapeError>(call, "expected an input of [C], [N, C] or [N, C, ...], got a 0-d one");
  }
  if (!is_integer(target.dtype())) {
    fail<DTypeError>(call, fmt::format("expected integer class labels, got {}; convert with "
                                       "to(kInt64)",
                                       name_of(target.dtype())));
  }
  const int64_t dim = class_dim(input);
  Shape expected;
  for (int64_t i = 0; i < input.dim(); ++i) {
    if (i != dim) expected.push_back(input.size(i));
  }
  if (target.sizes() != expected) {
    fail<ShapeError>(call, fmt::format("expected labels of sizes {} for an input of {}, got {}",
                                       to_string(expected), to_string(input.sizes()),
                                       to_string(target.sizes())));
  }
  if (target.device() != kCpu) return;
  const int64_t classes = input.size(dim);
  if (const Deferrer* const deferrer = modes().deferrer; deferrer && deferrer->is_pure()) {
    return check_labels_where_they_run(call, target, classes, ignore_index);
  }
  if (target.is_contiguous() && all_valid(target, classes, ignore_index)) return;
  find_invalid(call, target, classes, ignore_index);
}

Tensor class_weights(std::string_view call, const Tensor& input, const Tensor& weight) {
  if (!weight.defined()) return {};
  const int64_t classes = input.size(class_dim(input));
  if (weight.dim() != 1 || weight.size(0) != classes) {
    fail<ShapeError>(call, fmt::format("expected one weight a class, [{}], got {}", classes,
                                       to_string(weight.sizes())));
  }
  if (input.dim() <= 2) return weight;
  Shape sizes(static_cast<size_t>(input.dim() - 1), 1);
  sizes[0] = classes;
  Shape dims;
  for (int64_t i = 1; i < input.dim() - 1; ++i) dims.push_back(i);
  return spread(weight, sizes, dims, false);
}

Tensor along_classes(const Tensor& row, const Shape& input_sizes) {
  return spread(row, input_sizes, {class_dim(input_sizes)}, false);
}

Tensor at_labels(const Tensor& x, const Tensor& target, int64_t ignore_index) {
  const Tensor kept = along_classes(target != ignore_index, x.sizes());
  return where(kept, keep_at(x, along_classes(target, x.sizes()), class_dim(x)), 0);
}

}  // namespace tenon::ops
