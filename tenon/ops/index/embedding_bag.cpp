#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

constexpr const char* kCall = "embedding_bag";
constexpr double kLeast = -std::numeric_limits<double>::infinity();

void check_bags(const Tensor& x, const Tensor& weight, const Tensor& offsets,
                const Tensor& per_sample_weights, std::string_view mode) {
  if (mode != "sum" && mode != "mean" && mode != "max") {
    fail<ValueError>(kCall, fmt::format("expected mode sum, mean or max, got \"{}\"", mode));
  }
  if (weight.dim() != 2) {
    fail<ShapeError>(kCall,
                     fmt::format("expected weight [rows, d], got {}", to_string(weight.sizes())));
  }
  const bool fits = offsets.defined() ? x.dim() == 1 && offsets.dim() == 1 : x.dim() == 2;
  if (!fits) {
    fail<ShapeError>(
        kCall,
        fmt::format("expected bags [n, length], or all bags in one [total] with "
                    "offsets [n], got {} and {}",
                    to_string(x.sizes()), offsets.defined() ? to_string(offsets.sizes()) : "none"));
  }
  if (!per_sample_weights.defined()) return;
  if (mode != "sum") {
    fail<ValueError>(kCall, fmt::format("per_sample_weights are for mode sum, not \"{}\"", mode));
  }
  if (per_sample_weights.sizes() != x.sizes()) {
    fail<ShapeError>(kCall,
                     fmt::format("expected per_sample_weights of the input's sizes {}, got "
                                 "{}",
                                 to_string(x.sizes()), to_string(per_sample_weights.sizes())));
  }
}

/// Where each bag begins, without the end that include_last_offset adds.
Tensor starts_of(const Tensor& offsets, bool include_last_offset, int64_t total) {
  const int64_t count = offsets.size(0) - (include_last_offset ? 1 : 0);
  if (count < 0) fail<ShapeError>(kCall, "include_last_offset expects at least one offset");
  const Tensor starts = narrow(offsets.to(kInt64), 0, 0, count);
  if (starts.device() != kCpu) return starts;
  int64_t last = 0;
  const std::vector<int64_t> values = starts.to_vector<int64_t>();
  for (const int64_t start : values) {
    if (start < last || start > total || values[0] != 0) {
      fail<ValueError>(kCall, fmt::format("expected offsets that begin with 0 and rise to at most "
                                          "{}, got {}",
                                          total, to_string(values)));
    }
    last = start;
  }
  return starts;
}

/// The number of the bag of each of `total` elements.
Tensor bags_of(const Tensor& starts, int64_t total) {
  const NoGrad no_grad;
  const Tensor marks = zeros({total + 1}, kInt64, starts.device());
  return narrow(cumsum(index_add(marks, 0, starts, ones_like(starts)), 0), 0, 0, total) - 1;
}

/// Bags [n, length] of rows [n, length, d]; `kept` [n, length, 1] says which count.
Tensor reduced_rows(const Tensor& rows, const Tensor& kept, std::string_view mode) {
  if (mode == "max") {
    const Tensor largest = amax(where(kept, rows, kLeast), {1});
    return where(any(kept, {1}), largest, 0);
  }
  const Tensor total = sum(where(kept, rows, 0), {1});
  return mode == "sum" ? total : total / clamp(sum(kept, {1}), int64_t{1}).to(rows.dtype());
}

/// Bags of rows [total, d] that lie one after the other.
Tensor reduced_runs(const Tensor& rows, const Tensor& kept, const Tensor& starts,
                    std::string_view mode) {
  const int64_t count = starts.size(0), total = rows.size(0), width = rows.size(1);
  if (mode == "max") {
    // The bags' ends are data.
    if (starts.device() == kMeta) return empty({count, width}, rows.dtype(), kMeta);
    std::vector<int64_t> ends = starts.to_vector<int64_t>();
    ends.push_back(total);
    std::vector<Tensor> bags = {zeros({0, width}, rows.dtype(), rows.device())};
    for (size_t i = 0; i + 1 < ends.size(); ++i) {
      const int64_t length = ends[i + 1] - ends[i];
      bags.push_back(length == 0
                         ? zeros({1, width}, rows.dtype(), rows.device())
                         : reduced_rows(unsqueeze(narrow(rows, 0, ends[i], length), 0),
                                        unsqueeze(narrow(kept, 0, ends[i], length), 0), mode));
    }
    return cat(bags, 0);
  }
  const Tensor bags = bags_of(starts, total);
  const Tensor sums =
      index_add(zeros({count, width}, rows.dtype(), rows.device()), 0, bags, where(kept, rows, 0));
  if (mode == "sum") return sums;
  const Tensor counts =
      index_add(zeros({count}, kInt64, rows.device()), 0, bags, squeeze(kept, {1}).to(kInt64));
  return sums / unsqueeze(clamp(counts, int64_t{1}).to(rows.dtype()), 1);
}

}  // namespace

void define_embedding_bag(OpDef& op) {
  op.doc(
        "The sum, mean or largest (`mode`) of the rows of `weight` [rows, d] that each bag of `x` "
        "names: bags [n, length], or one after the other in [total] with the place where each "
        "begins in `offsets` [n] (and their end, too, with `include_last_offset`). "
        "`per_sample_weights`, of the sizes of `x`, multiply the rows (mode \"sum\"). Row "
        "`padding_idx` (-1: none) doesn't count. An empty bag gives 0. IndexError where a number "
        "is "
        "out of range; ShapeError and ValueError where arguments don't go together.")
      .accepts(kFloatSet)
      .compose([](const Tensor& x, const Tensor& weight, const Tensor& offsets,
                  const Tensor& per_sample_weights, std::string_view mode, bool include_last_offset,
                  int64_t padding_idx) -> Tensor {
        check_bags(x, weight, offsets, per_sample_weights, mode);
        Tensor rows = embedding(weight, x, padding_idx);
        if (per_sample_weights.defined()) rows = rows * unsqueeze(per_sample_weights, -1);
        const Tensor kept = unsqueeze(padding_idx < 0 ? x == x : x != padding_idx, -1);
        if (offsets.defined()) {
          return reduced_runs(rows, kept, starts_of(offsets, include_last_offset, x.size(0)), mode);
        }
        if (x.size(1) == 0) return zeros({x.size(0), weight.size(1)}, rows.dtype(), rows.device());
        return reduced_rows(rows, kept, mode);
      })
      .samples([]() -> std::vector<Sample> {
        const Tensor weight = sample_tensor({5, 3}), bags = sample_integers({2, 4}, 0, 5);
        const Tensor run = sample_integers({6}, 0, 5, 2), offsets = new_tensor({3}, kInt64);
        constexpr int64_t kStarts[] = {0, 2, 2};
        std::copy(std::begin(kStarts), std::end(kStarts), offsets.data<int64_t>());
        const auto attributes = [](const char* mode, int64_t padding) {
          return std::vector<Attribute>{Attribute(mode), Attribute(false), Attribute(padding)};
        };
        return {{{bags, weight, Tensor(), Tensor()}, attributes("mean", -1)},
                {{bags, weight, Tensor(), sample_tensor({2, 4}, 0.5, 2, 3)}, attributes("sum", 2)},
                {{run, weight, offsets, Tensor()}, attributes("mean", 1)},
                {{run, weight, offsets, Tensor()}, attributes("max", -1)}};
      });
}

}  // namespace tenon::ops
