#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"
#include "tenon/ops/loss/reduction_internal.h"

// Paths through a label's symbols with blanks before, between and after them: 2 S + 1 places. A
// step of the recursion adds the probabilities of the ways to each place.

namespace tenon::ops {
namespace {

constexpr const char* kCall = "ctc_loss";
/// In the place of ln 0: a number, so that gradients stay numbers.
constexpr double kNever = -1e30;

struct Labels {
  Tensor symbols;   ///< [N, S], blank where a label has ended
  Tensor places;    ///< [N, 2 S + 1], blanks between
  Tensor may_skip;  ///< [N, 2 S + 1], where the blank before may be left out
};

void check_lengths(const char* name, const Tensor& lengths, int64_t n, int64_t most) {
  if (!is_integer(lengths.dtype()) || lengths.dim() != 1 || lengths.size(0) != n) {
    fail<ShapeError>(kCall, fmt::format("expected integer {} of [{}], got {} of {}", name, n,
                                        name_of(lengths.dtype()), to_string(lengths.sizes())));
  }
  if (lengths.device() != kCpu) return;
  for (const int64_t length : lengths.to_vector<int64_t>()) {
    if (length >= 0 && length <= most) continue;
    fail<ValueError>(kCall, fmt::format("expected {} from 0 to {}, got {}", name, most, length));
  }
}

/// Labels that lie one after the other as rows [N, S].
Tensor rows_of_labels(const Tensor& targets, const Tensor& lengths) {
  // Without data any rows that are long enough give the loss its sizes.
  if (lengths.device() == kMeta) {
    return expand(unsqueeze(targets, 0), {lengths.size(0), targets.size(0)});
  }
  const std::vector<int64_t> counts = lengths.to_vector<int64_t>();
  int64_t longest = 0, total = 0;
  for (const int64_t count : counts) {
    longest = std::max(longest, count);
    total += count;
  }
  if (total != targets.size(0)) {
    fail<ShapeError>(kCall, fmt::format("target_lengths add up to {}, but there are {} targets",
                                        total, targets.size(0)));
  }
  std::vector<Tensor> rows;
  int64_t first = 0;
  for (const int64_t count : counts) {
    rows.push_back(pad(narrow(targets, 0, first, count), {0, longest - count}));
    first += count;
  }
  return stack(rows, 0);
}

Labels labels_of(const Tensor& targets, const Tensor& lengths, int64_t blank) {
  const NoGrad no_grad;
  Tensor symbols = (targets.dim() == 2 ? targets : rows_of_labels(targets, lengths)).to(kInt64);
  const int64_t n = symbols.size(0), count = symbols.size(1);
  const Tensor number = arange(0, count, 1, kInt64, symbols.device());
  symbols = where(number < unsqueeze(lengths, 1), symbols, blank);
  const Tensor blanks = full({n, count}, blank, kInt64, symbols.device());
  const Tensor pairs = flatten(stack({blanks, symbols}, 2), 1, 2);
  const Tensor places = pad(pairs, {0, 1}, "constant", static_cast<double>(blank));
  // Two places back is another symbol.
  const Tensor before =
      pad(narrow(places, 1, 0, 2 * count + 1), {2, -2}, "constant", static_cast<double>(blank));
  return {symbols, places, (places != blank) & (places != before)};
}

/// ln(e^a + e^b + ...), term by term.
Tensor log_of_sum(const std::vector<Tensor>& terms) {
  Tensor largest = terms[0].detach();
  for (const Tensor& term : terms) largest = maximum(largest, term.detach());
  Tensor total;
  for (const Tensor& term : terms) {
    const Tensor part = exp(term - largest);
    total = total.defined() ? total + part : part;
  }
  return log(total) + largest;
}

/// What each place has `back` places before it.
Tensor shifted(const Tensor& alpha, int64_t back) {
  return pad(alpha, {back, -back}, "constant", kNever);
}

/// -ln p(label) for each of [T, N, C]; 1e30 where there is no path.
Tensor negative_log_likelihood(const Tensor& log_probs, const Labels& labels,
                               const Tensor& input_lengths, const Tensor& target_lengths) {
  const int64_t steps = log_probs.size(0), n = log_probs.size(1), places = labels.places.size(1);
  const Tensor emitted =
      gather(log_probs, 2, expand(unsqueeze(labels.places, 0), {steps, n, places}));
  Tensor first, ends;
  {
    const NoGrad no_grad;
    const Tensor number = arange(0, places, 1, kInt64, log_probs.device());
    first = number < 2;
    const Tensor end = unsqueeze(target_lengths, 1) * 2;
    ends = (number == end) | (number == end - 1);
  }
  Tensor alpha = where(first, select(emitted, 0, 0), kNever);
  for (int64_t t = 1; t < steps; ++t) {
    const Tensor skipped = where(labels.may_skip, shifted(alpha, 2), kNever);
    const Tensor next = log_of_sum({alpha, shifted(alpha, 1), skipped}) + select(emitted, 0, t);
    alpha = where(unsqueeze(input_lengths > t, 1), clamp(next, kNever), alpha);
  }
  return -logsumexp(where(ends, alpha, kNever), {1});
}

}  // namespace

void define_ctc_loss(OpDef& op) {
  op.doc(
        "Connectionist temporal classification (Graves et al. 2006): -ln of the probability that "
        "steps of `log_probs` [T, N, C] (or [T, C]), without repeats and then without `blank`, "
        "read "
        "as the target. `targets` [N, S], or all targets one after the other, hold symbols other "
        "than blank; `input_lengths` and `target_lengths` [N] say how many steps and symbols "
        "count. "
        "The loss is infinite where the input is too short; `zero_infinity` makes it 0, without a "
        "gradient. `reduction` \"mean\" divides each by its target's length (at least 1) and takes "
        "the mean; or \"sum\", \"none\". ShapeError and ValueError where arguments don't go "
        "together.")
      .accepts(kFloatSet)
      .accepts_input(1, kIntegerSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                  const Tensor& target_lengths, int64_t blank, std::string_view reduction,
                  bool zero_infinity) -> Tensor {
        const Reduction how = reduction_of(kCall, reduction);
        const bool one = log_probs.dim() == 2;
        if ((!one && log_probs.dim() != 3) || log_probs.size(0) == 0) {
          fail<ShapeError>(kCall, fmt::format("expected log_probs [T, N, C] or [T, C] of at least "
                                              "one step, got {}",
                                              to_string(log_probs.sizes())));
        }
        const Tensor steps = one ? unsqueeze(log_probs, 1) : log_probs;
        const int64_t n = steps.size(1);
        if (blank < 0 || blank >= steps.size(2)) {
          fail<ValueError>(kCall, fmt::format("expected a blank from 0 to {}, got {}",
                                              steps.size(2) - 1, blank));
        }
        const Tensor inputs = reshape(input_lengths, {-1}).to(kInt64);
        const Tensor lengths = reshape(target_lengths, {-1}).to(kInt64);
        check_lengths("input_lengths", inputs, n, steps.size(0));
        check_lengths("target_lengths", lengths, n,
                      targets.dim() == 2 ? targets.size(1) : targets.numel());
        const Labels labels = labels_of(targets, lengths, blank);
        const Tensor wide = steps.dtype() == kFloat64 ? steps : steps.to(kFloat32);
        Tensor loss = negative_log_likelihood(wide, labels, inputs, lengths);
        const double without_path = zero_infinity ? 0 : std::numeric_limits<double>::infinity();
        loss = where(loss > -kNever * 0.01, without_path, loss).to(log_probs.dtype());
        if (how == kMean) loss = loss / clamp(lengths, int64_t{1}).to(loss.dtype());
        if (one) loss = squeeze(loss, {0});
        return reduce_loss(loss, how);
      })
      .samples([] {
        std::vector<Sample> samples;
        const Tensor inputs = new_tensor({2}, kInt64), lengths = new_tensor({2}, kInt64);
        inputs.data<int64_t>()[0] = 5;
        inputs.data<int64_t>()[1] = 4;
        lengths.data<int64_t>()[0] = 3;
        lengths.data<int64_t>()[1] = 1;
        const Tensor rows = sample_integers({2, 3}, 1, 4), flat = sample_integers({4}, 1, 4, 3);
        for (const char* reduction : {"none", "mean", "sum"}) {
          const Tensor& targets = reduction[0] == 's' ? flat : rows;
          samples.push_back({{sample_tensor({6, 2, 4}, -3, -0.1), targets, inputs, lengths},
                             {Attribute(int64_t{0}), Attribute(reduction), Attribute(false)}});
        }
        return samples;
      });
}

}  // namespace tenon::ops
