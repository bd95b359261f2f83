#include <fmt/format.h>

#include <charconv>

#include "tenon/base/error.h"
#include "tenon/io/checkpoint_values_internal.h"

namespace tenon {
namespace {

constexpr std::string_view kVersionKey = "tenon.checkpoint";
constexpr std::string_view kValuePrefix = "value.";

template <class T, class... Format>
bool parse_whole(std::string_view text, T& value, Format... format) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, format...);
  return error == std::errc() && end == text.data() + text.size();
}

/// Hexadecimal keeps every bit, signs of zero and infinities included; NaNs keep only being NaN.
std::string encode(double value) {
  char text[64];
  const auto result = std::to_chars(text, text + sizeof(text), value, std::chars_format::hex);
  return std::string(text, result.ptr);
}

std::string encode(const Checkpoint::Value& value) {
  struct Visitor {
    std::string operator()(bool v) const { return v ? "bool true" : "bool false"; }
    std::string operator()(int64_t v) const { return fmt::format("int {}", v); }
    std::string operator()(double v) const { return "float " + encode(v); }
    std::string operator()(const std::string& v) const { return "string " + v; }
  };
  return std::visit(Visitor{}, value);
}

bool decode(std::string_view text, Checkpoint::Value& value) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view kind = text.substr(0, space);
  const std::string_view rest = text.substr(space + 1);
  if (kind == "string") {
    value = std::string(rest);
    return true;
  }
  if (kind == "bool") {
    value = rest == "true";
    return rest == "true" || rest == "false";
  }
  if (kind == "int") {
    int64_t number = 0;
    const bool good = parse_whole(rest, number);
    value = number;
    return good;
  }
  double number = 0;
  const bool good = kind == "float" && parse_whole(rest, number, std::chars_format::hex);
  value = number;
  return good;
}

}  // namespace

Metadata encode_checkpoint_values(const CheckpointValues& values) {
  Metadata metadata;
  metadata.emplace(kVersionKey, fmt::format("{}", Checkpoint::kVersion));
  for (const auto& [name, value] : values) {
    metadata.emplace(std::string(kValuePrefix) + name, encode(value));
  }
  return metadata;
}

CheckpointValues decode_checkpoint_values(const std::string& path, const Metadata& metadata) {
  const auto version_entry = metadata.find(std::string(kVersionKey));
  if (version_entry == metadata.end()) {
    fail<IoError>(
        "Checkpoint::load",
        fmt::format("{}: expected metadata '{}', got none: the file holds tensors but is no "
                    "checkpoint; read it with load()",
                    path, kVersionKey));
  }
  int64_t version = 0;
  if (!parse_whole(version_entry->second, version) || version < 1 ||
      version > Checkpoint::kVersion) {
    fail<IoError>(
        "Checkpoint::load",
        fmt::format("{}: expected a checkpoint of version 1 to {}, got '{}'; a newer Tenon "
                    "may read it",
                    path, Checkpoint::kVersion, version_entry->second.substr(0, 40)));
  }
  CheckpointValues values;
  for (const auto& [key, text] : metadata) {
    if (!key.starts_with(kValuePrefix)) continue;
    Checkpoint::Value value;
    if (!decode(text, value)) {
      fail<IoError>(
          "Checkpoint::load",
          fmt::format("{}: '{}': expected 'bool', 'int', 'float' or 'string' and its value, "
                      "got '{}'; the file is damaged",
                      path, key, text.substr(0, 40)));
    }
    values.emplace(key.substr(kValuePrefix.size()), std::move(value));
  }
  return values;
}

}  // namespace tenon
