// Elements by their rank in a row: median, kthvalue, mode, quantile.

#include <fmt/format.h>

#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {
namespace {

void check_row(std::string_view call, const Tensor& x, int64_t dim) {
  check_not_empty(call, x, IntList{dim});
}

Specs one_a_row(std::string_view call, const Tensor& x, int64_t dim, bool keepdim) {
  check_row(call, x, dim);
  const Shape sizes = reduced_sizes(call, x, IntList{dim}, keepdim);
  return {Spec{x.dtype(), sizes}, Spec{kInt64, sizes}};
}

/// dy at the places that were chosen.
Grads to_chosen(const Saved& saved, const Tensor& dy, int64_t dim, bool keepdim) {
  const Shape& sizes = saved.input_sizes(0);
  return {keep_at(spread(dy, sizes, {dim}, keepdim), spread(saved.output(1), sizes, {dim}, keepdim),
                  dim)};
}

/// Odd and even numbers of elements, and other dims than the last.
std::vector<Sample> row_samples() {
  std::vector<Sample> samples;
  samples.push_back({{sample_tensor({3, 5})}, {Attribute(int64_t{-1}), Attribute(false)}});
  samples.push_back({{sample_tensor({4, 3})}, {Attribute(int64_t{0}), Attribute(true)}});
  samples.push_back({{sample_tensor({})}, {Attribute(int64_t{0}), Attribute(false)}});
  return samples;
}

void define_choice(OpDef& op, std::string_view documentation, OpDef::ShapeRule rule) {
  op.doc(documentation).autocast(CastPolicy::kAsGiven);
  op.shape_rule = rule;
  op.kernel()
      .saves_output(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim, bool keepdim) {
        return to_chosen(saved, dy, dim, keepdim);
      })
      .samples(row_samples);
}

template <class OfRow>
void define_of_all(OpDef& op, std::string_view documentation, OfRow) {
  op.doc(documentation)
      .compose([](const Tensor& x) -> Tensor {
        if (x.numel() == 0 && x.is_floating_point()) {
          return sum(x) + std::numeric_limits<double>::quiet_NaN();
        }
        return std::get<0>(OfRow{}(reshape(x, {-1})));
      })
      .samples([] { return unary_samples(); });
}

}  // namespace

void define_median_dim(OpDef& op) {
  define_choice(op,
                "The median along `dim`, of an even number of elements the lower one of the two in "
                "the middle, and its place (int64). A row with a NaN gives NaN.",
                [](const Call& call) -> Specs {
                  return one_a_row("median", call.input(0), call.get<int64_t>(0),
                                   call.get<bool>(1));
                });
}

void define_nanmedian_dim(OpDef& op) {
  define_choice(
      op, "As median_dim, of what is not NaN; NaN where all are.", [](const Call& call) -> Specs {
        return one_a_row("nanmedian", call.input(0), call.get<int64_t>(0), call.get<bool>(1));
      });
}

void define_mode(OpDef& op) {
  define_choice(op,
                "The most frequent element along `dim`, of equally frequent ones the smallest, and "
                "the last of its places (int64).",
                [](const Call& call) -> Specs {
                  return one_a_row("mode", call.input(0), call.get<int64_t>(0), call.get<bool>(1));
                });
}

void define_median(OpDef& op) {
  define_of_all(
      op, "The median of all elements; see median_dim. Of none NaN, of no integers a ValueError.",
      [](const Tensor& row) { return median_dim(row, 0); });
}

void define_nanmedian(OpDef& op) {
  define_of_all(op,
                "The median of all elements that are not NaN; see nanmedian_dim. Of none NaN, "
                "of no integers a ValueError.",
                [](const Tensor& row) { return nanmedian_dim(row, 0); });
}

void define_kthvalue(OpDef& op) {
  op.doc(
        "The `k`-th smallest element along `dim`, counted from 1, and its place (int64). NaN "
        "counts as the largest. ValueError unless 1 <= k <= the dim's size.")
      .autocast(CastPolicy::kAsGiven)
      .shape([](const Tensor& x, int64_t k, int64_t dim, bool keepdim) -> Specs {
        const int64_t size = reduced_count("kthvalue", x, IntList{dim});
        if (k < 1 || k > size) {
          fail<ValueError>("kthvalue", fmt::format("expected k from 1 to {}, the size of dim {} of "
                                                   "{}, got {}",
                                                   size, dim, to_string(x.sizes()), k));
        }
        return one_a_row("kthvalue", x, dim, keepdim);
      })
      .kernel()
      .saves_output(1)
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t, int64_t dim, bool keepdim) {
        return to_chosen(saved, dy, dim, keepdim);
      })
      .samples([] {
        std::vector<Sample> samples = row_samples();
        for (Sample& sample : samples) {
          const int64_t k = sample.inputs[0].dim() == 0 ? 1 : 3;
          sample.attributes.insert(sample.attributes.begin(), Attribute(k));
        }
        return samples;
      });
}

namespace {

/// Sorted rows [..., n] and, for each number of `q` [k], where in a row of `count` [..., 1] numbers
/// it lies: [..., k].
Tensor between(const Tensor& rows, const Tensor& count, const Tensor& q, std::string_view how) {
  const Tensor rank = q * clamp(count - 1, Scalar(0));
  const auto at = [&](const Tensor& place) { return gather(rows, -1, place.to(kInt64)); };
  if (how == "lower") return at(floor(rank));
  if (how == "higher") return at(ceil(rank));
  if (how == "nearest") return at(round(rank));
  const Tensor low = at(floor(rank)), high = at(ceil(rank));
  if (how == "midpoint") return lerp(low, high, 0.5);
  if (how == "linear") return lerp(low, high, rank - floor(rank));
  fail<ValueError>("quantile", fmt::format("unknown interpolation '{}'; expected one of linear, "
                                           "lower, higher, midpoint, nearest",
                                           how));
}

void check_quantile(const Tensor& x, const Tensor& q) {
  if (!x.is_floating_point() || q.dtype() != x.dtype()) {
    fail<DTypeError>("quantile", fmt::format("expected floating numbers and q of their dtype, got "
                                             "{} and {}",
                                             name_of(x.dtype()), name_of(q.dtype())));
  }
  if (q.dim() > 1) {
    fail<ShapeError>("quantile",
                     fmt::format("expected a number or 1-d q, got sizes {}", to_string(q.sizes())));
  }
  if (!q.impl()->is_number) return;  // numbers of the host are known; others stay on their device
  const double value = q.item<double>();
  if (!(value >= 0 && value <= 1)) {
    fail<ValueError>("quantile", fmt::format("expected q from 0 to 1, got {}", value));
  }
}

Tensor quantile_of(const Tensor& x, const Tensor& q, std::optional<int64_t> dim, bool keepdim,
                   std::string_view how, bool ignore_nan) {
  check_quantile(x, q);
  const int64_t along = dim ? normalize_dim("quantile", *dim, x.dim()) : 0;
  const Tensor line = dim && x.dim() != 0 ? movedim(x, {along}, {-1}) : reshape(x, {-1});
  check_row("quantile", line, -1);
  const Tensor rows = std::get<0>(sort(line));
  const Tensor known = sum(rows == rows, {-1}, true).to(x.dtype());
  const Tensor every = full_like(known, static_cast<double>(line.size(-1)));
  Tensor y = between(rows, ignore_nan ? known : every, reshape(q, {-1}), how);
  if (!ignore_nan) {
    y = where(known < every, std::numeric_limits<double>::quiet_NaN(), y);
  }
  // The dim of q comes first, or goes.
  y = q.dim() == 0 ? squeeze(y, {-1}) : movedim(y, {-1}, {0});
  if (!keepdim) return y;
  if (dim && x.dim() != 0) return unsqueeze(y, along + q.dim());
  Shape sizes = q.sizes();
  for (int64_t i = 0; i < x.dim(); ++i) sizes.push_back(1);
  return reshape(y, sizes);
}

std::vector<Sample> quantile_samples() {
  const Tensor q = sample_tensor({3}, 0.05, 0.95, 4);
  std::vector<Sample> samples;
  for (const char* how : {"linear", "lower", "higher", "midpoint", "nearest"}) {
    samples.push_back({{sample_tensor({3, 5}), sample_tensor({}, 0.3, 0.4)},
                       {Attribute(int64_t{1}), Attribute(false), Attribute(how)}});
  }
  samples.push_back(
      {{sample_tensor({4, 3}), q}, {Attribute(int64_t{0}), Attribute(true), Attribute("linear")}});
  samples.push_back(
      {{sample_tensor({4, 3}), q}, {Attribute(), Attribute(true), Attribute("linear")}});
  Tensor broken = sample_tensor({3, 5});
  broken.data<double>()[7] = std::numeric_limits<double>::quiet_NaN();
  samples.push_back(
      {{broken, q}, {Attribute(int64_t{1}), Attribute(false), Attribute("linear")}, false});
  return samples;
}

}  // namespace

void define_quantile(OpDef& op) {
  op.doc(
        "The `q`-quantiles, from 0 to 1, along `dim` or of all elements: of n in order, the one at "
        "q (n - 1), and between two of them what `interpolation` (linear, lower, higher, midpoint, "
        "nearest) says. For 1-d `q` its dim comes first. A row with a NaN gives NaN.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& q, std::optional<int64_t> dim, bool keepdim,
                  std::string_view interpolation) -> Tensor {
        return quantile_of(x, q, dim, keepdim, interpolation, false);
      })
      .samples(quantile_samples);
}

void define_nanquantile(OpDef& op) {
  op.doc("quantile of what is not NaN; NaN where all are.")
      .accepts(set_of(kFloat32) | set_of(kFloat64))
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& q, std::optional<int64_t> dim, bool keepdim,
                  std::string_view interpolation) -> Tensor {
        return quantile_of(x, q, dim, keepdim, interpolation, true);
      })
      .samples(quantile_samples);
}

}  // namespace tenon::ops
