#include "tenon/graph/ir/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tenon/base/error.h"

namespace tenon::graph {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_in_word(char c) { return is_letter(c) || is_digit(c) || c == '.'; }
bool is_in_number(char c) { return is_in_word(c) || c == '-' || c == '+'; }

size_t length(std::string_view text, bool (*belongs)(char)) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
}

template <class T>
std::optional<T> as_number(std::string_view word) {
  T value{};
  const auto result = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || result.ec != std::errc() || result.ptr != word.data() + word.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<int64_t> as_integer(std::string_view word) { return as_number<int64_t>(word); }
std::optional<double> as_real(std::string_view word) { return as_number<double>(word); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

void Lexer::skip_spaces() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size()));
}

bool Lexer::take(char c) {
  if (!at(c)) return false;
  rest_.remove_prefix(1);
  skip_spaces();
  return true;
}

void Lexer::expect(char c) {
  if (!take(c)) fail_here(fmt::format("expected '{}', got {}", c, next()));
}

bool Lexer::at_word() const { return !rest_.empty() && is_letter(rest_[0]); }

std::string_view Lexer::word() {
  if (!at_word()) fail_here(fmt::format("expected a name, got {}", next()));
  const std::string_view result = rest_.substr(0, length(rest_, is_in_word));
  rest_.remove_prefix(result.size());
  skip_spaces();
  return result;
}

bool Lexer::take_word(std::string_view word) {
  if (rest_.substr(0, length(rest_, is_in_word)) != word) return false;
  this->word();
  return true;
}

void Lexer::expect_word(std::string_view word) {
  if (!take_word(word)) fail_here(fmt::format("expected '{}', got {}", word, next()));
}

uint32_t Lexer::value() {
  if (!at_value()) fail_here(fmt::format("expected a value such as %0, got {}", next()));
  rest_.remove_prefix(1);
  const std::string_view digits = rest_.substr(0, length(rest_, is_digit));
  const std::optional<uint32_t> number = as_number<uint32_t>(digits);
  if (!number || *number == ~uint32_t{0}) {
    fail_here(fmt::format("'%{}' is no value's number", digits));
  }
  rest_.remove_prefix(digits.size());
  skip_spaces();
  return *number;
}

std::string_view Lexer::number() {
  const std::string_view result = rest_.substr(0, length(rest_, is_in_number));
  if (result.empty()) fail_here(fmt::format("expected a number, got {}", next()));
  rest_.remove_prefix(result.size());
  skip_spaces();
  return result;
}

int64_t Lexer::integer() {
  const std::string_view word = number();
  const std::optional<int64_t> value = as_integer(word);
  if (!value) fail_here(fmt::format("expected a whole number, got '{}'", word));
  return *value;
}

std::string Lexer::quoted() {
  if (!at('"')) fail_here(fmt::format("expected text in quotes, got {}", next()));
  std::string text;
  for (size_t i = 1; i < rest_.size(); ++i) {
    if (rest_[i] == '"') {
      rest_.remove_prefix(i + 1);
      skip_spaces();
      return text;
    }
    if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
    if (rest_[i] == '\n') ++line_;
    text += rest_[i];
  }
  fail_here("text without a closing quote");
}

std::string_view Lexer::block() {
  size_t end = 0;
  bool is_quoted = false;
  for (int open = 1; end < rest_.size(); ++end) {
    const char c = rest_[end];
    if (c == '"' && (end == 0 || rest_[end - 1] != '\\')) is_quoted = !is_quoted;
    if (is_quoted) continue;
    open += c == '{' ? 1 : c == '}' ? -1 : 0;
    if (open == 0) break;
  }
  if (end == rest_.size()) fail_here("a block without its '}'");
  const std::string_view result = rest_.substr(0, end);
  line_ += static_cast<int>(std::count(result.begin(), result.end(), '\n'));
  rest_.remove_prefix(end + 1);
  skip_spaces();
  return result;
}

void Lexer::end_line() {
  if (rest_.empty()) return;
  if (rest_[0] != '\n') fail_here(fmt::format("unexpected {}", next()));
  rest_.remove_prefix(1);
  ++line_;
  skip_spaces();
}

void Lexer::skip_empty_lines() {
  while (at('\n')) end_line();
}

std::string Lexer::next() const {
  if (rest_.empty()) return "the end of the text";
  if (rest_[0] == '\n') return "the end of the line";
  return fmt::format("'{}'", rest_.substr(0, std::max<size_t>(1, length(rest_, is_in_number))));
}

void Lexer::fail_here(const std::string& what) const {
  fail<ValueError>("graph text", fmt::format("line {}: {}", line_, what));
}

}  // namespace tenon::graph
