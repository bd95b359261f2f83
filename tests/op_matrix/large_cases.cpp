#include "tests/op_matrix/large_cases.h"

#include <algorithm>
#include <array>

#include "tenon/ops/samples.h"

namespace tenon::matrix {
namespace {

using ops::sample_integers;
using ops::sample_tensor;

/// float32 in [low, high].
Tensor numbers(IntList sizes, double low = -2, double high = 2, uint64_t seed = 1) {
  return widen(sample_tensor(sizes, low, high, seed), kFloat32);
}

Tensor repeated(const Tensor& tensor, int64_t count) {
  const auto values = values_of(tensor);
  Tensor result = new_tensor({count}, is_floating(tensor.dtype()) ? kFloat32 : tensor.dtype());
  visit_dtype(result.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    auto* out = static_cast<T*>(result.raw_data());
    for (int64_t i = 0; i < count; ++i) {
      const double value = values[static_cast<size_t>(i) % values.size()].real();
      if constexpr (std::is_arithmetic_v<T>) {
        out[i] = static_cast<T>(value);
      } else {
        out[i] = T(static_cast<float>(value));
      }
    }
  });
  return result;
}

bool is_elementwise(const OpDef& op) {
  return op.kind == OpKind::kTile && !op.row_dims && !op.params.empty() &&
         op.params[0].type != ParamType::kInts && op.samples_rule;
}

/// Long rows, and short rows of which there are many: reductions, scans, softmax and their like.
std::vector<Case> row_cases(const OpDef& op) {
  std::vector<Case> cases;
  if (op.params.empty() || op.params[0].type != ParamType::kTensor || op.internal) return cases;
  const auto params = attribute_params(op);
  size_t tensors = op.params.size() - params.size();
  if (tensors != 1 || params.empty() || !op.samples_rule) return cases;
  const bool by_dims = params[0]->type == ParamType::kDims && params[0]->name == "dims";
  const bool by_dim =
      (params[0]->type == ParamType::kDim || params[0]->type == ParamType::kOptionalDim) &&
      params[0]->name == "dim" && !op.returns_list && op.kind != OpKind::kView &&
      op.name != "glu";  // whose sizes are even
  const bool by_p = op.name == "norm" || op.name == "var" || op.name == "std";
  if (!by_dims && !by_dim && !by_p) return cases;
  const Sample first = op.samples_rule()[0];
  for (const auto& [sizes, dim] :
       {std::pair{Shape{3, 300007}, int64_t{1}}, std::pair{Shape{100003, 7}, int64_t{0}},
        std::pair{Shape{20011, 33}, int64_t{1}}}) {
    Sample sample{{numbers(sizes, 0.5, 1.5)}, first.attributes};
    for (size_t i = 0; i < params.size(); ++i) {
      if (params[i]->name == "dims") sample.attributes[i] = Attribute(IntList{dim});
      if (params[i]->name == "dim") sample.attributes[i] = Attribute(dim);
      if (params[i]->name == "sizes" || params[i]->name == "shape") {
        sample.attributes[i] = Attribute(IntList{1, -1});
      }
    }
    cases.push_back({&op, 100 + cases.size(), std::move(sample)});
  }
  return cases;
}

/// Replaces the tensors of the op's first sample.
std::vector<Case> with_inputs(const OpDef& op, std::vector<std::vector<Tensor>> inputs) {
  std::vector<Case> cases;
  const Sample first = op.samples_rule()[0];
  for (auto& list : inputs) {
    while (list.size() < first.inputs.size()) list.push_back({});
    cases.push_back({&op, 100 + cases.size(), Sample{std::move(list), first.attributes}});
  }
  return cases;
}

std::vector<Case> linear_algebra_cases(const OpDef& op) {
  if (op.name == "matmul") {
    return with_inputs(op, {{numbers({257, 300}), numbers({300, 129}, -2, 2, 2)},
                            {numbers({7, 65, 90}), numbers({7, 90, 33}, -2, 2, 2)},
                            {numbers({1000, 700}), numbers({700}, -2, 2, 2)}});
  }
  if (op.name == "linear") {
    return with_inputs(op, {{numbers({257, 300}), numbers({129, 300}, -2, 2, 2), numbers({129})}});
  }
  if (op.name == "dot") return with_inputs(op, {{numbers({1000003}), numbers({1000003})}});
  return {};
}

Attribute pair_of(int64_t value) { return Attribute(IntList{value, value}); }

std::vector<Case> convolution_cases(const OpDef& op) {
  if (op.name == "conv2d") {
    Sample sample{{numbers({8, 16, 33, 31}), numbers({24, 16, 3, 3}, -1, 1, 2), numbers({24})},
                  {pair_of(1), pair_of(1), pair_of(1), Attribute(int64_t{1})}};
    return {{&op, 100, std::move(sample)}};
  }
  if (op.name == "max_pool2d" || op.name == "avg_pool2d" || op.name == "adaptive_avg_pool2d") {
    return with_inputs(op, {{numbers({16, 24, 34, 30})}});
  }
  return {};
}

std::vector<Case> norm_cases(const OpDef& op) {
  if (op.name == "layer_norm" || op.name == "rms_norm") {
    std::vector<Case> cases =
        with_inputs(op, {{numbers({2003, 257}), numbers({257}), numbers({257})}});
    Sample& sample = cases[0].sample;
    sample.inputs.resize(op.name == "layer_norm" ? 3 : 2);
    sample.attributes[0] = Attribute(IntList{257});
    return cases;
  }
  if (op.name == "cross_entropy" || op.name == "nll_loss") {
    return with_inputs(op, {{numbers({20011, 10}, -3, 0), sample_integers({20011}, 0, 3)}});
  }
  if (op.name == "embedding") {
    return with_inputs(op, {{numbers({1000, 64}), sample_integers({20011}, 0, 1000)}});
  }
  return {};
}

}  // namespace

Case repeated_case(const OpDef& op, int64_t count) {
  Case c{&op, 200, {}};
  if (!is_elementwise(op)) return c;
  const Sample first = op.samples_rule()[0];
  for (const Tensor& input : first.inputs) {
    if (input.defined() && (input.numel() == 0 || input.dim() == 0)) return c;
  }
  c.sample.attributes = first.attributes;
  for (const Tensor& input : first.inputs) {
    c.sample.inputs.push_back(input.defined() ? repeated(input, count) : Tensor());
  }
  return c;
}

std::vector<Case> large_cases(const OpDef& op) {
  constexpr int64_t kLarge = 1'000'003;
  std::vector<Case> cases = row_cases(op);
  for (const auto& more : {linear_algebra_cases(op), convolution_cases(op), norm_cases(op)}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  Case large = repeated_case(op, kLarge);
  if (!large.sample.inputs.empty()) cases.push_back(std::move(large));
  return cases;
}

}  // namespace tenon::matrix
