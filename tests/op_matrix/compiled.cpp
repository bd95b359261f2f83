// A compiled function gives what the same code gives eagerly: each op by itself, and with its
// gradient.

#include "tenon/autograd/autograd.h"
#include "tenon/graph/compile.h"
#include "tenon/graph/ir/graph.h"
#include "tenon/ops/functions.h"
#include "tests/op_matrix/large_cases.h"
#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {
namespace {

/// Empty where both are the same: bit for bit where one kernel runs in both, else to rounding, as a
/// fused reduction may add up in another order.
std::string difference_of(const Outcome& got, const Outcome& want, bool one_kernel) {
  if (one_kernel || !got.ok() || !want.ok()) return difference(got, want);
  if (got.results.size() != want.results.size()) return "another number of results";
  for (size_t i = 0; i < want.results.size(); ++i) {
    const Tensor &a = got.results[i], &b = want.results[i];
    if (a.defined() != b.defined()) return "a result is missing";
    if (!b.defined()) continue;
    std::string found = difference(a, b, 64 * epsilon_of(b.dtype()));
    if (!found.empty()) return found;
  }
  return {};
}

/// Gradients of the sum of all floating results, for all floating inputs.
Outcome gradients(const Case& c) {
  Outcome outcome;
  std::vector<Tensor> inputs = copies_of(c.sample.inputs);
  for (Tensor& input : inputs) {
    if (input.defined() && is_floating(input.dtype())) input.requires_grad_();
  }
  reset_random(*c.op, c.sample.attributes);
  const std::vector<Tensor> results = call_op(*c.op, inputs, c.sample.attributes);
  for (const Tensor& result : results) {
    if (result.defined() && result.requires_grad() && !is_complex(result.dtype())) {
      sum(square(result)).backward({}, true);
    }
  }
  for (const Tensor& result : results) outcome.results.push_back(copy_of(result));
  for (const Tensor& input : inputs) {
    const Tensor grad = input.defined() && is_floating(input.dtype()) ? input.grad() : Tensor();
    outcome.results.push_back(grad.defined() ? copy_of(grad) : Tensor());
  }
  return outcome;
}

TEST_P(OpMatrix, Compiled) {
  if (is_uninitialised(op())) return;
  std::vector<Case> all = large_cases(op());
  for (Case& c : cases()) all.push_back(std::move(c));
  for (const Case& c : all) {
    const auto call = [&] { return run(op(), copies_of(c.sample.inputs), c.sample.attributes); };
    const Outcome want = call();
    auto compiled = compile(call);
    const bool one_kernel = op().kind != OpKind::kComposition;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(difference_of(compiled(), want, one_kernel), "") << c.name();
    }
    const int64_t plans = compiled.counters().plans;
    compiled();
    EXPECT_EQ(compiled.counters().plans, plans) << c.name() << ": the fourth call was new";
  }
}

TEST_P(OpMatrix, CompiledGradients) {
  if (is_uninitialised(op()) || op().nondifferentiable || op().internal) return;
  for (const Case& c : cases()) {
    if (!c.sample.differentiable) continue;
    const auto call = [&] { return gradients(c); };
    const Outcome want = call();
    auto compiled = compile(call);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(difference_of(compiled(), want, false), "") << c.name();
  }
}

/// What is captured of the op, before and after all passes, reads back from its text.
TEST_P(OpMatrix, GraphText) {
  if (is_uninitialised(op())) return;
  const std::vector<std::string> all_passes = compile_passes();
  for (const Case& c : cases()) {
    const std::vector<Tensor> inputs = copies_of(c.sample.inputs);
    for (const std::vector<std::string>& without : {std::vector<std::string>(), all_passes}) {
      auto compiled = compile([&] { return run(op(), inputs, c.sample.attributes); },
                              {.without_passes = without});
      compiled();
      for (const graph::Graph& graph : compiled.graphs()) {
        const std::string text = graph.to_text();
        std::string again;
        EXPECT_NO_THROW(again = graph::Graph::parse(text).to_text()) << c.name() << "\n" << text;
        EXPECT_EQ(again, text) << c.name();
      }
    }
  }
}

}  // namespace
}  // namespace tenon::matrix
