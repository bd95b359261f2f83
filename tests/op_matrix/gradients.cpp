// First and second gradients against finite differences in float64 and complex128.

#include <algorithm>
#include <functional>

#include "tenon/autograd/gradcheck.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"
#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {
namespace {

/// Inputs that an op reads as constants, as its documentation says.
bool is_constant_input(const OpDef& op, size_t input) {
  if (input >= op.params.size()) return false;
  const std::string_view name = op.params[input].name;
  return name.starts_with("running_");
}

/// Ops whose complex results have a phase that their input doesn't determine: what a gradient of
/// theirs means is held against functions that the phase makes no difference to, in unit tests.
bool has_free_phases(const OpDef& op) { return op.name == "linalg_svd" || op.name == "svd"; }

std::vector<Tensor> with_gradients(const Case& c, std::vector<Tensor> inputs, bool& any) {
  any = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined() || real_of(inputs[i].dtype()) != kFloat64 ||
        is_constant_input(*c.op, i))
      continue;
    inputs[i].requires_grad_();
    any = true;
  }
  return inputs;
}

std::vector<Tensor> differentiable_inputs(const Case& c, bool& any) {
  return with_gradients(c, copies_of(c.sample.inputs), any);
}

/// The op as a function of its tensors; running statistics are copied, because the op writes them.
std::function<std::vector<Tensor>(const std::vector<Tensor>&)> function_of(const Case& c) {
  return [&c](const std::vector<Tensor>& inputs) {
    std::vector<Tensor> arguments = inputs;
    for (size_t i = 0; i < arguments.size(); ++i) {
      if (is_constant_input(*c.op, i)) arguments[i] = copy_of(arguments[i]);
    }
    reset_random(*c.op, c.sample.attributes);
    return call_op(*c.op, arguments, c.sample.attributes);
  };
}

bool is_differentiable_case(const Case& c) {
  return c.sample.differentiable && !c.op->nondifferentiable && !is_uninitialised(*c.op);
}

TEST_P(OpMatrix, Gradients) {
  for (const Case& c : cases()) {
    bool any = false;
    const std::vector<Tensor> inputs = differentiable_inputs(c, any);
    if (!any || !is_differentiable_case(c)) continue;
    try {
      EXPECT_TRUE(gradcheck(function_of(c), inputs)) << c.name();
    } catch (const Error& error) {
      ADD_FAILURE() << c.name() << ": " << error.what();
    }
  }
}

TEST_P(OpMatrix, SecondGradients) {
  for (const Case& c : cases()) {
    bool any = false;
    const std::vector<Tensor> inputs = differentiable_inputs(c, any);
    if (!any || !is_differentiable_case(c)) continue;
    try {
      EXPECT_TRUE(gradgradcheck(function_of(c), inputs)) << c.name();
    } catch (const Error& error) {
      ADD_FAILURE() << c.name() << ": " << error.what();
    }
  }
}

TEST_P(OpMatrix, ComplexGradients) {
  if (!contains(op().accepted, kComplex128) || has_free_phases(op())) return;
  for (const Case& c : cases()) {
    bool any = false;
    const std::vector<Tensor> inputs = with_gradients(c, cast_all(c, kComplex128), any);
    if (!any || !is_differentiable_case(c)) continue;
    try {
      EXPECT_TRUE(gradcheck(function_of(c), inputs)) << c.name();
      EXPECT_TRUE(gradgradcheck(function_of(c), inputs)) << c.name();
    } catch (const Error& error) {
      ADD_FAILURE() << c.name() << " in complex128: " << error.what();
    }
  }
}

/// Written into a copy of the first input, so that the copy's history is what is checked.
TEST_P(OpMatrix, GradientsInPlace) {
  if (!op().has_inplace) return;
  for (const Case& c : cases()) {
    bool any = false;
    const std::vector<Tensor> inputs = differentiable_inputs(c, any);
    if (!any || !is_differentiable_case(c)) continue;
    const Outcome outcome = run(op(), copies_of(inputs), c.sample.attributes);
    if (!outcome.ok() || outcome.results[0].sizes() != inputs[0].sizes() ||
        outcome.results[0].dtype() != inputs[0].dtype()) {
      continue;  // which is refused
    }
    const auto function = [&](const std::vector<Tensor>& given) -> std::vector<Tensor> {
      std::vector<Tensor> arguments = given;
      arguments[0] = given[0].clone();
      InputList list;
      for (const Tensor& argument : arguments) list.add(argument);
      reset_random(op(), c.sample.attributes);
      dispatch_inplace(Call{op(), list, c.sample.attributes}, arguments[0]);
      return {arguments[0]};
    };
    try {
      EXPECT_TRUE(gradcheck(function, inputs)) << c.name() << " in place";
    } catch (const Error& error) {
      ADD_FAILURE() << c.name() << " in place: " << error.what();
    }
  }
}

}  // namespace
}  // namespace tenon::matrix
