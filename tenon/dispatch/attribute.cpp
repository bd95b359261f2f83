#include "tenon/dispatch/attribute.h"

#include <fmt/format.h>

namespace tenon {
namespace {

/// Not to be taken for a whole number.
std::string floating(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

std::string Attribute::to_string() const {
  struct Printer {
    std::string operator()(std::monostate) const { return "none"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return floating(value); }
    std::string operator()(const Scalar& value) const {
      const bool plain = value.is_integer() || value.is_complex();
      return fmt::format("scalar({})", plain ? value.to_string() : floating(value.to_double()));
    }
    std::string operator()(DType value) const { return std::string(name_of(value)); }
    std::string operator()(Device value) const { return tenon::to_string(value); }
    std::string operator()(const Shape& value) const { return tenon::to_string(IntList(value)); }
    std::string operator()(const std::vector<double>& values) const {
      std::string text;
      for (const double value : values) text += (text.empty() ? "" : ", ") + floating(value);
      return fmt::format("floats({})", text);
    }
    std::string operator()(const std::string& value) const { return quoted(value); }
    std::string operator()(Generator*) const { return "generator"; }
  };
  return std::visit(Printer{}, value_);
}

}  // namespace tenon
