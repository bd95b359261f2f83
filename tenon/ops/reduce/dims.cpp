#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/reduce/dims_internal.h"
#include "tenon/ops/samples.h"

namespace tenon::ops {
namespace {

Shape sizes_without(const Shape& sizes, uint64_t mask, bool keepdim) {
  Shape result;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const bool reduced = mask >> i & 1;
    if (!reduced) result.push_back(sizes[i]);
    if (reduced && keepdim) result.push_back(1);
  }
  return result;
}

}  // namespace

Shape reduced_sizes(std::string_view call, const Tensor& x, IntList dims, bool keepdim) {
  return sizes_without(x.sizes(), dim_mask(call, dims, x.dim()), keepdim);
}

Shape reduced_sizes(std::string_view call, const Tensor& x, std::optional<int64_t> dim,
                    bool keepdim) {
  return dim ? reduced_sizes(call, x, IntList{*dim}, keepdim)
             : reduced_sizes(call, x, IntList{}, keepdim);
}

int64_t reduced_count(std::string_view call, const Tensor& x, IntList dims) {
  const uint64_t mask = dim_mask(call, dims, x.dim());
  int64_t count = 1;
  for (int64_t i = 0; i < x.dim(); ++i) {
    if (mask >> i & 1) count *= x.sizes()[static_cast<size_t>(i)];
  }
  return count;
}

void check_not_empty(std::string_view call, const Tensor& x, IntList dims) {
  if (reduced_count(call, x, dims) != 0) return;
  fail<ValueError>(call, fmt::format("no element to choose from: the reduced dims of {} are empty; "
                                     "check numel() first",
                                     to_string(x.sizes())));
}

DType accumulation_dtype(DType dtype) {
  return is_differentiable(dtype) || dtype == kUInt64 ? dtype : kInt64;
}

Tensor without_each(const Tensor& x) {
  const int64_t n = x.size(-1);
  return where(eye(n, n, kBool, x.device()), 1, unsqueeze(x, -2));
}

bool needs_exact_products(const Tensor& x) {
  return modes().grad && x.device() != kMeta && any(x == 0).item<bool>();
}

std::vector<Sample> reduction_samples(std::vector<Attribute> (*make)(IntList, bool), double low,
                                      double high) {
  std::vector<Sample> samples;
  const auto add = [&](IntList sizes, IntList dims, bool keepdim) {
    samples.push_back({{sample_tensor(sizes, low, high)}, make(dims, keepdim)});
  };
  add({3, 5}, {}, false);
  add({3, 5}, {1}, false);
  add({3, 5}, {0}, true);
  add({2, 3, 4}, {0, -1}, false);
  add({2, 3, 4}, {1}, true);
  add({7}, {0}, false);
  add({}, {}, false);
  return samples;
}

std::vector<Sample> dim_samples(double low, double high) {
  std::vector<Sample> samples;
  const auto add = [&](IntList sizes, int64_t dim) {
    samples.push_back({{sample_tensor(sizes, low, high)}, {Attribute(dim)}});
  };
  add({3, 5}, -1);
  add({3, 5}, 0);
  add({2, 3, 4}, 1);
  add({7}, 0);
  add({}, 0);
  return samples;
}

}  // namespace tenon::ops
