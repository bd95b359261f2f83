#include "tenon/dispatch/attribute.h"

#include <fmt/format.h>

namespace tenon {

std::string Attribute::to_string() const {
  struct Printer {
    std::string operator()(std::monostate) const { return "none"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const Scalar& value) const { return value.to_string(); }
    std::string operator()(DType value) const { return std::string(name_of(value)); }
    std::string operator()(Device value) const { return tenon::to_string(value); }
    std::string operator()(const Shape& value) const { return tenon::to_string(IntList(value)); }
    std::string operator()(const std::string& value) const { return '"' + value + '"'; }
    std::string operator()(Generator*) const { return "generator"; }
  };
  return std::visit(Printer{}, value_);
}

}  // namespace tenon
