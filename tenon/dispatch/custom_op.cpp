#include "tenon/dispatch/custom_op.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <mutex>

#include "tenon/base/error.h"
#include "tenon/base/fork_safe_mutex.h"

namespace tenon {
namespace {

/// What a registered op points into; deques keep addresses.
struct Registered {
  std::string signature;
  std::deque<std::string> texts;
  std::vector<ParamInfo> params;
  OpDef op;
};

struct Registry {
  ForkSafeMutex mutex;
  std::deque<Registered> ops;
};

Registry& registry() {
  static auto* instance = new Registry;  // never destroyed: graphs may outlive static objects
  return *instance;
}

const OpDef* find_in(const Registry& registry, std::string_view name) {
  for (const Registered& entry : registry.ops) {
    if (entry.op.name == name) return &entry.op;
  }
  return nullptr;
}

const std::map<std::string_view, ParamType>& param_types() {
  static const std::map<std::string_view, ParamType> types = {
      {"Tensor", ParamType::kTensor}, {"Tensor?", ParamType::kOptionalTensor},
      {"int", ParamType::kInt},       {"int[]", ParamType::kInts},
      {"Dim", ParamType::kDim},       {"Dims", ParamType::kDims},
      {"float", ParamType::kFloat},   {"bool", ParamType::kBool},
      {"Scalar", ParamType::kScalar}, {"DType", ParamType::kDType},
      {"str", ParamType::kText}};
  return types;
}

[[noreturn]] void fail_signature(std::string_view signature, std::string_view why) {
  std::string known;
  for (const auto& [name, type] : param_types())
    known += (known.empty() ? "" : ", ") + std::string(name);
  fail<ValueError>("CustomOp",
                   fmt::format("can't read the signature '{}': {}; expected `name(Tensor x, "
                               "float alpha) -> Tensor`, with the types {}",
                               signature, why, known));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Calls `visit` with each comma-separated, trimmed part.
template <class F>
void split(std::string_view text, F visit) {
  while (!trimmed(text).empty()) {
    const size_t comma = text.find(',');
    visit(trimmed(text.substr(0, comma)));
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
}

void read_signature(std::string_view signature, Registered& entry) {
  entry.signature = signature;
  const std::string_view text = entry.signature;
  const size_t open = text.find('('), close = text.find(") -> ");
  if (open == std::string_view::npos || close == std::string_view::npos || open == 0) {
    fail_signature(signature, "it has no `(...) -> `");
  }
  entry.op.signature = text;
  entry.op.name = entry.texts.emplace_back(text.substr(0, open));
  bool attributes = false;
  split(text.substr(open + 1, close - open - 1), [&](std::string_view param) {
    const size_t space = param.find(' ');
    const auto type = param_types().find(param.substr(0, space));
    if (space == std::string_view::npos || type == param_types().end()) {
      fail_signature(signature, fmt::format("the parameter '{}'", param));
    }
    const bool tensor = type->second <= ParamType::kOptionalTensor;
    if (tensor && attributes) fail_signature(signature, "tensors come before other parameters");
    attributes = attributes || !tensor;
    entry.params.push_back({entry.texts.emplace_back(param.substr(space + 1)), type->second, ""});
  });
  entry.op.params = entry.params;
  entry.op.section = "Custom";
  entry.op.result_count = 0;
  split(text.substr(close + 5), [&](std::string_view) { ++entry.op.result_count; });
  if (entry.op.result_count < 1 || entry.op.result_count > 4) {
    fail_signature(signature, "an op has one to four results");
  }
}

}  // namespace

CustomOp::CustomOp(std::string_view signature, void (*define)(OpDef& op)) {
  const std::string_view name = signature.substr(0, signature.find('('));
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  if (find_op(name) || find_in(r, name)) {
    fail<ValueError>("CustomOp", fmt::format("an op named '{}' exists", name));
  }
  Registered& entry = r.ops.emplace_back();
  try {
    read_signature(signature, entry);
    entry.op.id = OpId{kOpCount};
    define(entry.op);
  } catch (...) {
    r.ops.pop_back();
    throw;
  }
  op_ = &entry.op;
}

const OpDef* find_custom_op(std::string_view name) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  return find_in(r, name);
}

void CustomOp::set_kernel(Device device, Kernel kernel) const {
  op_->custom_kernels[device.type] = kernel;
}

std::vector<Tensor> CustomOp::call(const std::vector<Tensor>& inputs,
                                   std::vector<Attribute> attributes) const {
  size_t tensors = 0;
  for (const ParamInfo& param : op_->params) tensors += param.type <= ParamType::kOptionalTensor;
  if (inputs.size() != tensors || inputs.size() + attributes.size() != op_->params.size()) {
    fail<ValueError>(
        op_->name, fmt::format("expected {} tensors and {} other arguments as in '{}', got "
                               "{} and {}",
                               tensors, op_->params.size() - tensors, op_->signature, inputs.size(),
                               attributes.size()));
  }
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs) pointers.push_back(&input);
  std::vector<Tensor> outputs(op_->result_count);
  dispatch(Call{*op_, pointers, attributes}, outputs);
  return outputs;
}

}  // namespace tenon
