// Under autocast every op gives what it gives for inputs cast by hand as its policy says, and takes
// any mixture of float32 and halves.

#include "tenon/dispatch/autocast.h"

#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {
namespace {

bool is_float(const Tensor& tensor) { return tensor.defined() && is_floating(tensor.dtype()); }

/// Copies of the inputs, the floating ones in `dtype`.
std::vector<Tensor> floats_of(const Case& c, DType dtype) {
  std::vector<Tensor> inputs = copies_of(c.sample.inputs);
  for (Tensor& input : inputs) {
    if (is_float(input)) input = cast(input, dtype);
  }
  return inputs;
}

Outcome run_in_autocast(const Case& c, const std::vector<Tensor>& inputs, DType dtype) {
  const Autocast autocast(dtype);
  return run(*c.op, inputs, c.sample.attributes);
}

/// The floating inputs as the policy wants them.
std::vector<Tensor> cast_by_hand(const OpDef& op, const std::vector<Tensor>& inputs, DType lower) {
  std::vector<Tensor> result;
  for (const Tensor& input : inputs) {
    if (!is_float(input) || op.cast_policy == CastPolicy::kPromote) {  // alike already
      result.push_back(input);
    } else if (op.cast_policy == CastPolicy::kLower) {
      result.push_back(cast(input, lower));
    } else {
      result.push_back(widen(input, kFloat32));
    }
  }
  return result;
}

void expect_same(const Case& c, const Outcome& got, const Outcome& want, const char* what) {
  ASSERT_TRUE(want.ok()) << c.name() << ", " << what << ": " << want.message;
  ASSERT_TRUE(got.ok()) << c.name() << ", " << what << ": " << got.message;
  ASSERT_EQ(got.results.size(), want.results.size()) << c.name();
  for (size_t i = 0; i < got.results.size(); ++i) {
    EXPECT_EQ(got.results[i].dtype(), want.results[i].dtype()) << c.name() << ", " << what;
    EXPECT_EQ(difference(Outcome{.results = {got.results[i]}, .inputs_after = {}},
                         Outcome{.results = {want.results[i]}, .inputs_after = {}}),
              "")
        << c.name() << ", " << what << ", result " << i;
  }
}

TEST_P(OpMatrix, AutocastIsCastingByHand) {
  const CastPolicy policy = op().cast_policy;
  if (policy == CastPolicy::kUnstated || policy == CastPolicy::kAsGiven) return;
  for (const Case& c : cases()) {
    for (const DType lower : {kBFloat16, kFloat16}) {
      const std::vector<Tensor> inputs = floats_of(c, kFloat32);
      const Outcome want = run(op(), cast_by_hand(op(), inputs, lower), c.sample.attributes);
      expect_same(c, run_in_autocast(c, copies_of(inputs), lower), want, "from float32");
    }
    // A half that came from elsewhere, of the one kind or the other.
    const std::vector<Tensor> halves = floats_of(c, kFloat16);
    const Outcome want = run(op(), cast_by_hand(op(), halves, kBFloat16), c.sample.attributes);
    expect_same(c, run_in_autocast(c, halves, kBFloat16), want, "from float16");
  }
}

TEST_P(OpMatrix, AutocastTakesMixedInputs) {
  if (op().internal || is_uninitialised(op())) return;
  for (const Case& c : cases()) {
    if (!run(op(), floats_of(c, kFloat32), c.sample.attributes).ok()) continue;
    for (size_t i = 0; i < c.sample.inputs.size(); ++i) {
      if (!is_float(c.sample.inputs[i])) continue;
      std::vector<Tensor> inputs = floats_of(c, kFloat32);
      inputs[i] = cast(inputs[i], kBFloat16);
      const Outcome got = run_in_autocast(c, inputs, kBFloat16);
      EXPECT_TRUE(got.ok()) << c.name() << ", input " << i << " in bfloat16: " << got.message;
    }
  }
}

TEST_P(OpMatrix, AutocastLeavesFloat64Alone) {
  if (is_random(op()) || is_uninitialised(op()) || !contains(op().accepted, kFloat64)) return;
  for (const Case& c : cases()) {
    const std::vector<Tensor> inputs = cast_all(c, kFloat64);
    const Outcome want = run(op(), copies_of(inputs), c.sample.attributes);
    if (!want.ok()) continue;
    expect_same(c, run_in_autocast(c, copies_of(inputs), kBFloat16), want, "in float64");
  }
}

}  // namespace
}  // namespace tenon::matrix
