// Every instruction set that this machine has, and the scalar executor, agree.

#include <algorithm>
#include <cmath>

#include "tenon/backends/cpu/tile/isa.h"
#include "tests/op_matrix/large_cases.h"
#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {
namespace {

class InstructionSets {
 public:
  ~InstructionSets() { cpu::set_instruction_set(""); }
  void use(const std::string& name) const { cpu::set_instruction_set(name); }
};

/// Direct kernels of contiguous operands are looked up once; those of others run by the set in use.
std::vector<Tensor> in_steps(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> views;
  for (const Tensor& input : inputs) {
    const Tensor view = in_layout(input, Layout::kStepped);
    views.push_back(view.defined() ? view : copy_of(input));
  }
  return views;
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

TEST_P(OpMatrix, InstructionSets) {
  if (is_uninitialised(op())) return;
  const InstructionSets sets;
  std::vector<Case> all = cases();
  Case longer = repeated_case(op(), 1003);  // full vectors, a whole tile and a rest
  if (!longer.sample.inputs.empty()) all.push_back(std::move(longer));
  for (const Case& c : all) {
    for (const DType dtype : {kFloat32, kFloat64, kBFloat16, kInt32}) {
      if (!contains(op().accepted, dtype)) continue;
      const std::vector<Tensor> inputs = cast_all(c, dtype);
      sets.use("");
      const Outcome want = run(op(), in_steps(inputs), c.sample.attributes);
      if (!want.ok()) continue;
      const double scale = std::max(largest(inputs), largest(want.results));
      for (const std::string& name : cpu::available_instruction_sets()) {
        sets.use(name);
        const Outcome got = run(op(), in_steps(inputs), c.sample.attributes);
        ASSERT_TRUE(got.ok()) << c.name() << " in " << name_of(dtype) << " by " << name << ": "
                              << got.message;
        for (size_t i = 0; i < got.results.size(); ++i) {
          const double epsilon = epsilon_of(got.results[i].dtype());
          EXPECT_EQ(difference(got.results[i], want.results[i], (epsilon > 1e-4 ? 2 : 16) * epsilon,
                               scale),
                    "")
              << c.name() << " in " << name_of(dtype) << " by " << name << ", result " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace tenon::matrix
