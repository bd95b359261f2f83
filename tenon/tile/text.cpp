#include "tenon/tile/text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "tenon/base/error.h"

namespace tenon::tile {
namespace {

bool has_slot(Op op) {
  return op == Op::kLoad || op == Op::kLoadIndex || op == Op::kLoadRow || op == Op::kScalar ||
         op == Op::kPick || op == Op::kStore || op == Op::kRandomUniform ||
         op == Op::kRandomNormal || op == Op::kRandomBits;
}

uint16_t& operand(Instruction& i, int k) { return k == 0 ? i.a : k == 1 ? i.b : i.c; }

std::optional<Op> op_from_name(std::string_view name) {
  for (int i = 0; i < kOpCount; ++i) {
    if (info_of(static_cast<Op>(i)).name == name) return static_cast<Op>(i);
  }
  return std::nullopt;
}

/// Reads words of one line: `%3`, `=`, names, numbers; commas and spaces part them.
class Line {
 public:
  Line(std::string_view text, int number) : rest_(text), number_(number) {}

  std::string_view word() {
    const size_t begin = rest_.find_first_not_of(" ,\t\r");
    if (begin == std::string_view::npos) return {};
    const size_t end = std::min(rest_.find_first_of(" ,\t\r", begin), rest_.size());
    const std::string_view result = rest_.substr(begin, end - begin);
    rest_.remove_prefix(end);
    return result;
  }

  template <class T>
  T number(std::string_view text) {
    T value{};
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
      fail_here(fmt::format("expected a number, got '{}'", text));
    }
    return value;
  }

  uint16_t value() {
    const std::string_view text = word();
    if (text.empty() || text[0] != '%') {
      fail_here(fmt::format("expected a value such as %0, got '{}'", text));
    }
    return number<uint16_t>(text.substr(1));
  }

  [[noreturn]] void fail_here(const std::string& what) const {
    fail<ValueError>("tile program text", fmt::format("line {}: {}", number_, what));
  }

 private:
  std::string_view rest_;
  int number_;
};

Instruction parse_line(Line& line, std::string_view first, size_t place) {
  std::string_view name = first;
  if (first[0] == '%') {
    if (line.number<size_t>(first.substr(1)) != place) {
      line.fail_here(fmt::format("expected value %{}, got {}", place, first));
    }
    if (line.word() != "=") line.fail_here("expected '=' after the value");
    name = line.word();
  }
  const std::optional<Op> op = op_from_name(name);
  if (!op) line.fail_here(fmt::format("unknown op '{}'", name));
  if ((*op == Op::kStore) == (first[0] == '%')) line.fail_here("only stores have no value");
  Instruction instruction{.op = *op};
  if (has_slot(*op)) instruction.slot = line.number<uint16_t>(line.word());
  if (*op == Op::kConstant) {
    instruction.constant = line.number<double>(line.word());
    instruction.integer = line.number<int64_t>(line.word());
  }
  for (int k = 0; k < info_of(*op).arity; ++k) operand(instruction, k) = line.value();
  std::string_view last = line.word();
  if (last == "keep") {
    instruction.keep = true;
    last = line.word();
  }
  if (!last.empty()) line.fail_here(fmt::format("unexpected '{}'", last));
  return instruction;
}

}  // namespace

std::string to_text(const Program& program) {
  std::string text;
  size_t place = 0;
  for (Instruction i : program.instructions()) {
    if (i.op != Op::kStore) text += fmt::format("%{} = ", place);
    text += info_of(i.op).name;
    std::string_view separator = " ";
    if (has_slot(i.op)) {
      text += fmt::format(" {}", i.slot);
      separator = ", ";
    }
    if (i.op == Op::kConstant) text += fmt::format(" {} {}", i.constant, i.integer);
    for (int k = 0; k < info_of(i.op).arity; ++k) {
      text += fmt::format("{}%{}", separator, operand(i, k));
      separator = ", ";
    }
    text += i.keep ? " keep\n" : "\n";
    ++place;
  }
  return text;
}

Program parse(std::string_view text) {
  std::vector<Instruction> instructions;
  int number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    Line line(text.substr(0, end), ++number);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view first = line.word();
    if (!first.empty()) instructions.push_back(parse_line(line, first, instructions.size()));
  }
  return Program::from_instructions(std::move(instructions));
}

}  // namespace tenon::tile
