// The device 'meta' gives the sizes and dtypes of results without data; its rule is the op's only
// one, and here it meets what really comes out.

#include <algorithm>
#include <array>

#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {
namespace {

/// Compositions whose sizes follow their inputs' values; kernels say it by having no shape rule.
bool size_depends_on_data(const Case& c) {
  constexpr std::array<std::string_view, 3> kNames = {"masked_select", "nonzero",
                                                      "repeat_interleave_by"};
  if (std::find(kNames.begin(), kNames.end(), c.op->name) != kNames.end()) return true;
  if (c.op->name == "one_hot") return c.sample.attributes[0].as<int64_t>() < 0;
  const bool boolean_index =
      c.op->name == "index" && std::any_of(c.sample.inputs.begin() + 1, c.sample.inputs.end(),
                                           [](const Tensor& t) { return t.dtype() == kBool; });
  return boolean_index || (c.op->kind == OpKind::kKernel && !c.op->shape_rule);
}

bool is_device(const ParamInfo& param) {
  return param.type == ParamType::kDevice || param.type == ParamType::kOptionalDevice;
}

Tensor on_meta(const Tensor& tensor) {
  return tensor.defined() ? new_tensor(tensor.sizes(), tensor.dtype(), kMeta) : tensor;
}

TEST_P(OpMatrix, Meta) {
  const auto params = attribute_params(op());
  for (const Case& c : cases()) {
    std::vector<Tensor> inputs;
    for (const Tensor& input : c.sample.inputs) inputs.push_back(on_meta(input));
    std::vector<Attribute> attributes = c.sample.attributes;
    bool moves = false;
    for (size_t i = 0; i < attributes.size(); ++i) {
      if (!is_device(*params[i])) continue;
      attributes[i] = Attribute(kMeta);
      moves = true;
    }
    if (inputs.empty() && !moves) continue;
    const Outcome want = run(op(), copies_of(c.sample.inputs), c.sample.attributes);
    const Outcome got = run(op(), inputs, attributes);
    if (size_depends_on_data(c)) {
      EXPECT_EQ(got.error, "DeviceError") << c.name() << " on meta: " << got.message;
      continue;
    }
    ASSERT_TRUE(got.ok()) << c.name() << " on meta: " << got.message;
    ASSERT_EQ(got.results.size(), want.results.size()) << c.name();
    for (size_t i = 0; i < got.results.size(); ++i) {
      EXPECT_EQ(got.results[i].device(), kMeta) << c.name() << ", result " << i;
      EXPECT_EQ(got.results[i].dtype(), want.results[i].dtype()) << c.name() << ", result " << i;
      EXPECT_EQ(got.results[i].sizes(), want.results[i].sizes()) << c.name() << ", result " << i;
    }
  }
}

}  // namespace
}  // namespace tenon::matrix
