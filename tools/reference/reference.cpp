// Writes docs/reference/ops.md from the op table.
// usage: tenon_reference FILE

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tenon/dispatch/op_def.h"

namespace {

using namespace tenon;

constexpr const char* kIntroduction =
    R"(<!-- Made by tools/reference from the op table. Renew it with:
     ninja -C build/release tenon_reference && build/release/tools/tenon_reference docs/reference/ops.md -->

# Ops

Every op, by section, as functions of namespace `tenon` (`#include "tenon/ops/functions.h"`).
`Tensor|Scalar` takes a tensor or a C++ number, `?` marks what may be left out, `Dims` and `int[]`
take braces: `sum(x, {0, 1})`. Dims count from the end when negative. Inputs of several dtypes are
promoted first, after the Python array API standard.
)";

std::vector<const OpDef*> public_ops() {
  std::vector<const OpDef*> ops;
  for (int i = 0; i < kOpCount; ++i) {
    const OpDef& op = op_definition(static_cast<OpId>(i));
    if (!op.internal) ops.push_back(&op);
  }
  return ops;
}

/// "all", or names with whole kinds drawn together: "bool, integers, float32".
std::string describe(DTypeSet set) {
  if ((set & kAnySet) == kAnySet) return "all";
  struct Kind {
    DTypeSet members;
    const char* name;
  };
  constexpr Kind kKinds[] = {
      {kIntegerSet, "integers"}, {kFloatSet, "floating"}, {kComplexSet, "complex"}};
  std::string text;
  const auto add = [&](std::string_view name) {
    if (!text.empty()) text += ", ";
    text += name;
  };
  if (contains(set, kBool)) add("bool");
  for (const Kind& kind : kKinds) {
    if ((set & kind.members) == kind.members) {
      add(kind.name);
    } else if (set & kind.members) {
      add(to_string(set & kind.members));
    }
  }
  return text;
}

std::string_view gradient_of(const OpDef& op) {
  if (op.nondifferentiable) return "none";
  return op.vjp_rule ? "yes" : "yes, through its parts";
}

std::string_view integers_of(const OpDef& op) {
  switch (op.integers) {
    case Integers::kBecomeFloat:
      return "; integers become float32";
    case Integers::kBecomeInt64:
      return "; integers become int64";
    case Integers::kStay:
      return "";
  }
  __builtin_unreachable();
}

bool takes_tensors(const OpDef& op) {
  return std::any_of(op.params.begin(), op.params.end(),
                     [](const ParamInfo& param) { return param.type <= ParamType::kTensorList; });
}

std::string_view autocast_of(const OpDef& op) {
  switch (op.cast_policy) {
    case CastPolicy::kLower:
      return "inputs in the lower dtype";
    case CastPolicy::kFloat32:
      return "half inputs in float32";
    case CastPolicy::kPromote:
      return "inputs in the widest dtype among them";
    case CastPolicy::kUnstated:
    case CastPolicy::kAsGiven:
      return "";
  }
  __builtin_unreachable();
}

void write_op(std::ostream& out, const OpDef& op) {
  out << "\n### " << op.name << "\n\n    " << op.signature << "\n\n" << op.documentation << "\n\n";
  if (takes_tensors(op)) {
    out << "- dtypes: " << describe(op.accepted) << integers_of(op) << '\n';
  }
  if (!autocast_of(op).empty()) out << "- under autocast: " << autocast_of(op) << '\n';
  out << "- gradient: " << gradient_of(op) << '\n';
  std::string forms;
  if (op.has_method) forms += "`x." + std::string(op.name) + "(...)`";
  if (op.has_inplace) {
    forms += (forms.empty() ? "" : ", in place ") + std::string("`x.") + std::string(op.name) +
             "_(...)`";
  }
  if (!forms.empty()) out << "- also as " << forms << '\n';
}

std::string page() {
  std::ostringstream out;
  out << kIntroduction;
  // Sections in the order in which the op list first names them.
  std::vector<std::string_view> sections;
  for (const OpDef* op : public_ops()) {
    if (std::find(sections.begin(), sections.end(), op->section) == sections.end()) {
      sections.push_back(op->section);
    }
  }
  out << '\n';
  for (const std::string_view section : sections) {
    out << "- **" << section << "**:";
    const char* separator = " ";
    for (const OpDef* op : public_ops()) {
      if (op->section != section) continue;
      out << separator << '[' << op->name << "](#" << op->name << ')';
      separator = ", ";
    }
    out << '\n';
  }
  for (const std::string_view section : sections) {
    out << "\n## " << section << '\n';
    for (const OpDef* op : public_ops()) {
      if (op->section == section) write_op(out, *op);
    }
  }
  return out.str();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: tenon_reference FILE\n", stderr);
    return 2;
  }
  std::ofstream file(argv[1]);
  file << page();
  file.close();
  if (file.good()) return 0;
  std::fprintf(stderr, "can't write %s\n", argv[1]);
  return 1;
}
