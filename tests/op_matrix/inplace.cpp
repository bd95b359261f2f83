// x.op_(...) leaves in x what op(x, ...) gives, or refuses and leaves x alone.

#include "tests/op_matrix/op_matrix_test.h"

#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"

namespace tenon::matrix {
namespace {

std::vector<DType> inplace_dtypes(const OpDef& op) {
  std::vector<DType> dtypes;
  for (const DType dtype : {kFloat64, kFloat32, kBFloat16, kInt32, kInt64, kComplex64}) {
    if (contains(op.accepted, dtype)) dtypes.push_back(dtype);
  }
  return dtypes;
}

/// Empty, or the type of the error.
std::string run_inplace(const OpDef& op, const std::vector<Tensor>& inputs,
                        const std::vector<Attribute>& attributes) {
  InputList list;
  for (const Tensor& input : inputs) list.add(input);
  reset_random(op, attributes);
  try {
    dispatch_inplace(Call{op, list, attributes}, inputs[0]);
  } catch (const ShapeError&) {
    return "ShapeError";
  } catch (const DTypeError&) {
    return "DTypeError";
  }
  return "";
}

void check_inplace(const Case& c, DType dtype, bool stepped) {
  const std::vector<Tensor> inputs = cast_all(c, dtype);
  const Outcome want = run(*c.op, copies_of(inputs), c.sample.attributes);
  if (!want.ok()) return;
  std::vector<Tensor> changed = copies_of(inputs);
  if (stepped) {
    const Tensor view = in_layout(inputs[0], Layout::kStepped);
    if (!view.defined()) return;
    changed[0] = view;
  }
  const uint32_t version = changed[0].version();
  const std::string error = run_inplace(*c.op, changed, c.sample.attributes);
  const Tensor& result = want.results[0];
  const bool becomes_floating =
      is_differentiable(result.dtype()) && !is_differentiable(inputs[0].dtype());
  const std::string what = c.name() + " in " + std::string(name_of(dtype)) + ", in place" +
                           (stepped ? ", sliced with a step" : "");
  if (result.sizes() != inputs[0].sizes()) {
    EXPECT_EQ(error, "ShapeError") << what;
  } else if (becomes_floating) {
    EXPECT_EQ(error, "DTypeError") << what;
  } else if (error.empty()) {
    EXPECT_EQ(changed[0].dtype(), inputs[0].dtype()) << what;
    const double epsilon = inputs[0].dtype() == result.dtype() ? 0 : epsilon_of(inputs[0].dtype());
    EXPECT_EQ(difference(changed[0], result, epsilon), "") << what;
    EXPECT_GT(changed[0].version(), version) << what << ": the version stayed";
    return;
  } else {
    EXPECT_NE(result.dtype(), inputs[0].dtype()) << what << ": " << error;
  }
  EXPECT_EQ(difference(changed[0], inputs[0], 0), "") << what << " failed, but wrote";
}

TEST_P(OpMatrix, InPlace) {
  if (!op().has_inplace) return;
  for (const Case& c : cases()) {
    for (const DType dtype : inplace_dtypes(op())) {
      check_inplace(c, dtype, false);
      check_inplace(c, dtype, true);
    }
  }
}

}  // namespace
}  // namespace tenon::matrix
