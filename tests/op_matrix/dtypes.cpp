// Every dtype that an op accepts gives what float64 (for integers: int64) gives, within what the
// dtype can hold.

#include <algorithm>
#include <cmath>

#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {
namespace {

/// The widest dtype of the same kind that the op accepts: what the others are held against.
DType reference_dtype(const OpDef& op, DType dtype) {
  if (is_complex(dtype)) return kComplex128;
  if (contains(op.accepted, kFloat64)) return kFloat64;
  return is_integer(dtype) && contains(op.accepted, kInt64) ? kInt64 : dtype;
}

double largest(const std::vector<Tensor>& tensors) {
  double scale = 0;
  for (const Tensor& tensor : tensors) {
    if (!tensor.defined()) continue;
    for (const auto& value : values_of(tensor)) {
      if (std::isfinite(std::abs(value))) scale = std::max(scale, std::abs(value));
    }
  }
  return scale;
}

/// Rounding at the parts of a composition and sums of many terms err by the size of what is summed;
/// one micro-op errs by the size of its result.
double scale_of(const OpDef& op, const std::vector<Tensor>& inputs,
                const std::vector<Tensor>& results) {
  const bool one_step = op.kind == OpKind::kTile && !op.row_dims;
  return one_step ? 0 : std::max(largest(inputs), largest(results));
}

void compare(const Case& c, DType dtype, const Outcome& got, const Outcome& want,
             const std::vector<Tensor>& inputs) {
  if (!want.ok()) {
    EXPECT_FALSE(got.ok()) << c.name() << " in " << name_of(dtype)
                           << " gave a result; in the widest dtype: " << want.message;
    return;
  }
  ASSERT_TRUE(got.ok()) << c.name() << " in " << name_of(dtype) << ": " << got.message;
  ASSERT_EQ(got.results.size(), want.results.size()) << c.name() << " in " << name_of(dtype);
  const double scale = scale_of(*c.op, inputs, want.results);
  for (size_t i = 0; i < got.results.size(); ++i) {
    const Tensor& result = got.results[i];
    const double epsilon = std::max(epsilon_of(result.dtype()), epsilon_of(floating_of(dtype)));
    // Half types compute in float32, and round once a step.
    const double steps = epsilon > 1e-4 ? 4 : 32;
    // A bool result holds whether the number is not zero.
    const Tensor expected =
        result.dtype() == kBool ? widen(want.results[i], kBool) : want.results[i];
    EXPECT_EQ(difference(result, expected, steps * epsilon, scale), "")
        << c.name() << " in " << name_of(dtype) << ", result " << i << ": " << describe(result);
  }
}

TEST_P(OpMatrix, DTypes) {
  if (is_uninitialised(op()) || is_random(op())) return;
  for (const Case& c : cases()) {
    const std::vector<bool> wanted = cast_inputs(c);
    if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) continue;
    for (int d = 0; d < kDTypeCount; ++d) {
      const auto dtype = static_cast<DType>(d);
      if (!contains(op().accepted, dtype)) continue;
      const std::vector<Tensor> inputs = cast_all(c, dtype);
      std::vector<Tensor> wide = copies_of(inputs);
      for (size_t i = 0; i < wide.size(); ++i) {
        if (wanted[i]) wide[i] = widen(wide[i], reference_dtype(op(), dtype));
      }
      const Outcome want = run(op(), wide, c.sample.attributes);
      compare(c, dtype, run(op(), inputs, c.sample.attributes), want, wide);
    }
  }
}

TEST_P(OpMatrix, OtherDTypesAreRefused) {
  for (const Case& c : cases()) {
    const std::vector<bool> wanted = cast_inputs(c);
    // Only where all inputs are cast does the promoted dtype follow.
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), false) != wanted.end()) continue;
    for (int d = 0; d < kDTypeCount; ++d) {
      const auto dtype = static_cast<DType>(d);
      if (contains(op().accepted, dtype) || op().kind == OpKind::kComposition) continue;
      const Outcome outcome = run(op(), cast_all(c, dtype), c.sample.attributes);
      EXPECT_EQ(outcome.error, "DTypeError")
          << c.name() << " in " << name_of(dtype)
          << ", which the op doesn't accept: " << (outcome.ok() ? "a result" : outcome.message);
    }
  }
}

/// Complex numbers without an imaginary part give what real ones give.
TEST_P(OpMatrix, ComplexAgreesWithReal) {
  if (is_random(op()) || is_uninitialised(op())) return;
  if (!contains(op().accepted, kComplex128) || !contains(op().accepted, kFloat64)) return;
  for (const Case& c : cases()) {
    const std::vector<bool> wanted = cast_inputs(c);
    const Outcome want = run(op(), copies_of(c.sample.inputs), c.sample.attributes);
    std::vector<Tensor> inputs = copies_of(c.sample.inputs);
    bool any = false;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!wanted[i]) continue;
      inputs[i] = widen(inputs[i], kComplex128);
      any = true;
    }
    if (!any) continue;
    const Outcome got = run(op(), inputs, c.sample.attributes);
    ASSERT_TRUE(got.ok()) << c.name() << ": " << got.message;
    for (size_t i = 0; i < got.results.size(); ++i) {
      EXPECT_EQ(difference(got.results[i], want.results[i], 64 * epsilon_of(kFloat64),
                           largest(want.results)),
                "")
          << c.name() << " in complex128, result " << i;
    }
  }
}

}  // namespace
}  // namespace tenon::matrix
