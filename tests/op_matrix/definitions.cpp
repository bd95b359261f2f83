// What every definition must say.

#include <algorithm>
#include <set>

#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {
namespace {

bool is_tensor(const ParamInfo& param) { return param.type <= ParamType::kTensorList; }

bool is_list(const ParamInfo& param) { return param.type == ParamType::kTensorList; }

bool may_be_left_out(const ParamInfo& param) {
  switch (param.type) {
    case ParamType::kOptionalInt:
    case ParamType::kOptionalDim:
    case ParamType::kOptionalFloat:
    case ParamType::kOptionalScalar:
    case ParamType::kOptionalDType:
    case ParamType::kOptionalDevice:
    case ParamType::kGenerator:
      return true;
    default:
      return false;
  }
}

TEST_P(OpMatrix, Definition) {
  EXPECT_NE(op().kind, OpKind::kUndefined) << op().name << " says no way to run it";
  EXPECT_GE(op().documentation.size(), 15u) << op().name << " has no documentation: call doc()";
  EXPECT_FALSE(cases().empty()) << op().name << " has no samples: call samples()";
  const bool by_parts = op().kind == OpKind::kComposition;
  EXPECT_TRUE(op().vjp_rule || op().nondifferentiable || by_parts)
      << op().name << " has no gradient: call vjp() or not_differentiable()";
  EXPECT_FALSE(op().vjp_rule && op().nondifferentiable)
      << op().name << " has a gradient and says that it is not differentiable";
  EXPECT_NE(op().accepted, 0u) << op().name << " accepts no dtype";
  if (op().has_inplace) {
    EXPECT_FALSE(op().params.empty()) << op().name;
    EXPECT_EQ(op().result_count, 1u) << op().name;
  }
}

/// Ops that lose digits or overflow in half precision where the exact ones (views, arithmetic)
/// don't.
bool needs_a_cast_policy(const OpDef& op) {
  const bool takes_tensors = std::any_of(op.params.begin(), op.params.end(), is_tensor);
  const bool computes = op.kind == OpKind::kKernel || op.row_dims ||
                        (op.kind == OpKind::kTile && op.integers == Integers::kBecomeFloat);
  return !op.internal && takes_tensors && contains(op.accepted, kFloat32) && computes;
}

TEST_P(OpMatrix, SaysWhatAutocastMakesOfItsInputs) {
  if (needs_a_cast_policy(op())) {
    EXPECT_NE(op().cast_policy, CastPolicy::kUnstated)
        << op().name << " doesn't say what autocast makes of its inputs: call autocast()";
  }
  // These run within other ops, which have had their inputs cast.
  EXPECT_TRUE(!op().internal || op().cast_policy == CastPolicy::kUnstated) << op().name;
}

TEST_P(OpMatrix, SamplesFitTheSignature) {
  size_t tensors = 0;
  bool takes_list = false;
  for (const ParamInfo& param : op().params) {
    tensors += is_tensor(param) ? 1 : 0;
    takes_list = takes_list || is_list(param);
  }
  const auto attributes = attribute_params(op());
  for (const Case& c : cases()) {
    if (!takes_list) {
      EXPECT_EQ(c.sample.inputs.size(), tensors) << c.name();
    }
    ASSERT_EQ(c.sample.attributes.size(), attributes.size()) << c.name();
    for (size_t i = 0; i < attributes.size(); ++i) {
      EXPECT_TRUE(may_be_left_out(*attributes[i]) || c.sample.attributes[i].has_value())
          << c.name() << " leaves out " << attributes[i]->name;
    }
    const Outcome outcome = run(op(), c.sample.inputs, c.sample.attributes);
    EXPECT_TRUE(outcome.ok()) << c.name() << ": " << outcome.message;
  }
}

TEST_P(OpMatrix, HasItsOwnNumberAndName) {
  EXPECT_EQ(find_op(op().name), &op()) << op().name;
  EXPECT_EQ(&op_definition(op().id), &op()) << op().name;
}

TEST(OpTable, NumbersAndNamesAreUnique) {
  std::set<std::string_view> names;
  std::set<OpId> ids;
  for (const OpDef* op : all_ops()) {
    EXPECT_TRUE(names.insert(op->name).second) << op->name;
    EXPECT_TRUE(ids.insert(op->id).second) << op->name;
    EXPECT_TRUE(op->internal || !op->section.empty()) << op->name;
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kOpCount));
}

}  // namespace
}  // namespace tenon::matrix
