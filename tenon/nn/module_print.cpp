#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "tenon/nn/module_body_internal.h"

namespace tenon::nn {
namespace {

/// A line of the tree: what stands left, and the columns beside it.
struct Line {
  std::string head;
  std::string shapes;
  std::string count;
};

/// 1234567 as "1,234,567".
std::string grouped(int64_t count) {
  std::string digits = std::to_string(count);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

int64_t elements(const std::vector<NamedTensor>& tensors) {
  int64_t count = 0;
  for (const auto& [name, tensor] : tensors) count += tensor.numel();
  return count;
}

std::string shapes_of(const std::vector<NamedTensor>& tensors) {
  std::string text;
  for (const auto& [name, tensor] : tensors) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, to_string(tensor.sizes()));
    if (tensor.dtype() != kFloat32) text += fmt::format(" {}", name_of(tensor.dtype()));
  }
  return text;
}

}  // namespace

std::string Module::to_string() const {
  std::vector<Line> lines;
  const auto add = [&](const auto& self, const std::string& name, const Module& module,
                       const std::string& indent) -> void {
    const Body& body = Body::of(module);
    const std::string details = module.description();
    std::string head = indent + (name.empty() ? "" : name + ": ") + module.type_name();
    if (!details.empty() || body.children.empty()) head += "(" + details + ")";
    std::string shapes = shapes_of(body.parameters);
    const std::string buffers = shapes_of(body.buffers);
    if (!buffers.empty()) shapes += (shapes.empty() ? "buffers " : "; buffers ") + buffers;
    const int64_t count = elements(body.parameters);
    lines.push_back({std::move(head), std::move(shapes), count ? grouped(count) : ""});
    for (const auto& [child_name, child] : body.children) {
      self(self, child_name, child.get(), indent + "  ");
    }
  };
  add(add, "", *this, "");
  lines.push_back({"parameters", "", grouped(parameter_count())});

  size_t head_width = 0, shape_width = 0, count_width = 0;
  for (const Line& line : lines) {
    head_width = std::max(head_width, line.head.size());
    shape_width = std::max(shape_width, line.shapes.size());
    count_width = std::max(count_width, line.count.size());
  }
  std::string text;
  for (const Line& line : lines) {
    std::string row = fmt::format("{:<{}}  {:<{}}  {:>{}}", line.head, head_width, line.shapes,
                                  shape_width, line.count, count_width);
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Module& module) {
  return out << module.to_string();
}

}  // namespace tenon::nn
