#include "tests/op_matrix/cases.h"

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/dispatch/modes.h"

namespace tenon::matrix {
namespace {

constexpr uint64_t kSeed = 20;

template <class E>
bool is(const std::exception& error) {
  return dynamic_cast<const E*>(&error) != nullptr;
}

std::string type_of(const std::exception& error) {
  if (is<ShapeError>(error)) return "ShapeError";
  if (is<DTypeError>(error)) return "DTypeError";
  if (is<IndexError>(error)) return "IndexError";
  if (is<ValueError>(error)) return "ValueError";
  if (is<DeviceError>(error)) return "DeviceError";
  if (is<OutOfMemoryError>(error)) return "OutOfMemoryError";
  if (is<AutogradError>(error)) return "AutogradError";
  return std::string("an error of another type: ") + error.what();
}

std::string describe_inputs(const std::vector<Tensor>& inputs) {
  std::string text;
  for (const Tensor& input : inputs) {
    if (!text.empty()) text += ", ";
    text += input.defined() ? fmt::format("{}{}", name_of(input.dtype()), to_string(input.sizes()))
                            : "none";
  }
  return text;
}

}  // namespace

std::string Case::name() const {
  std::string text = fmt::format("{}, sample {}: {}({}", op->name, number, op->name,
                                 describe_inputs(sample.inputs));
  for (const Attribute& attribute : sample.attributes) {
    text += fmt::format("; {}", attribute.has_value() ? attribute.to_string() : "none");
  }
  return text + ")";
}

std::vector<const OpDef*> all_ops() {
  std::vector<const OpDef*> ops;
  for (int i = 0; i < kOpCount; ++i) ops.push_back(&op_definition(static_cast<OpId>(i)));
  return ops;
}

std::vector<Case> cases_of(const OpDef& op) {
  std::vector<Case> cases;
  if (!op.samples_rule) return cases;
  size_t number = 0;
  for (Sample& sample : op.samples_rule()) cases.push_back({&op, number++, std::move(sample)});
  return cases;
}

std::vector<const ParamInfo*> attribute_params(const OpDef& op) {
  std::vector<const ParamInfo*> params;
  for (const ParamInfo& param : op.params) {
    if (param.type > ParamType::kTensorList) params.push_back(&param);
  }
  return params;
}

void reset_random(const OpDef& op, const std::vector<Attribute>& attributes) {
  manual_seed(kSeed);
  const auto params = attribute_params(op);
  for (size_t i = 0; i < std::min(params.size(), attributes.size()); ++i) {
    if (params[i]->type != ParamType::kGenerator || !attributes[i].has_value()) continue;
    if (auto* generator = attributes[i].as<Generator*>()) generator->manual_seed(kSeed);
  }
}

std::vector<Tensor> call_op(const OpDef& op, const std::vector<Tensor>& inputs,
                            const std::vector<Attribute>& attributes) {
  InputList list;
  for (const Tensor& input : inputs) list.add(input);
  const Call call{op, list, attributes};
  if (op.returns_list) return dispatch_list(call);
  if (op.result_count == 1) return {dispatch(call)};
  std::vector<Tensor> results(op.result_count);
  dispatch(call, results);
  return results;
}

Outcome run(const OpDef& op, const std::vector<Tensor>& inputs,
            const std::vector<Attribute>& attributes) {
  Outcome outcome;
  reset_random(op, attributes);
  try {
    const NoGrad no_grad;
    outcome.results = copies_of(call_op(op, inputs, attributes));
    outcome.inputs_after = copies_of(inputs);
  } catch (const std::exception& error) {
    outcome.error = type_of(error);
    outcome.message = error.what();
  }
  return outcome;
}

bool is_uninitialised(const OpDef& op) { return op.name.starts_with("empty"); }

bool is_random(const OpDef& op) {
  return op.uses_generator || op.seed_attribute >= 0 ||
         std::any_of(op.params.begin(), op.params.end(),
                     [](const ParamInfo& param) { return param.type == ParamType::kGenerator; });
}

std::vector<bool> cast_inputs(const Case& c) {
  std::vector<bool> wanted;
  bool floating = false;
  for (const Tensor& input : c.sample.inputs) {
    wanted.push_back(input.defined() && is_differentiable(input.dtype()));
    floating = floating || wanted.back();
  }
  if (floating) return wanted;
  size_t number = 0;
  for (const ParamInfo& param : c.op->params) {
    const bool tensor =
        param.type == ParamType::kTensor || param.type == ParamType::kTensorOrScalar;
    if (!tensor || number >= wanted.size()) continue;
    const Tensor& input = c.sample.inputs[number];
    wanted[number++] = input.defined() && is_integer(input.dtype()) && param.name != "index";
  }
  return wanted;
}

std::vector<Tensor> cast_all(const Case& c, DType dtype) {
  std::vector<Tensor> inputs = c.sample.inputs;
  const std::vector<bool> wanted = cast_inputs(c);
  for (size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = wanted[i] ? cast(inputs[i], dtype) : copy_of(inputs[i]);
  }
  return inputs;
}

std::string describe(const Tensor& tensor) {
  if (!tensor.defined()) return "none";
  std::string text = fmt::format("{}{}", name_of(tensor.dtype()), to_string(tensor.sizes()));
  if (tensor.device() == kMeta) return text;
  const auto values = values_of(tensor);
  for (size_t i = 0; i < std::min<size_t>(values.size(), 8); ++i) {
    text += fmt::format("{}{:.9g}", i == 0 ? " = " : ", ", values[i].real());
  }
  return text;
}

}  // namespace tenon::matrix
