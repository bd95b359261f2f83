#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::graph {

/// Reads the words of a graph's text one after the other. Every `expect` throws ValueError naming
/// the line where something else stands.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) { skip_spaces(); }

  bool at_end() const { return rest_.empty(); }
  /// Whether the next character is `c`; takes it if so.
  bool take(char c);
  void expect(char c);
  /// Whether the next word is `word`; takes it if so.
  bool take_word(std::string_view word);
  void expect_word(std::string_view word);
  bool at_word() const;
  /// Letters, digits, `_` and `.`, not beginning with a digit.
  std::string_view word();
  /// `%12`.
  uint32_t value();
  bool at_value() const { return !rest_.empty() && rest_[0] == '%'; }
  /// A number as it is written, `-1.5e-3`, `inf`, `12`.
  std::string_view number();
  int64_t integer();
  /// Between quotes; `\"` and `\\` are characters.
  std::string quoted();
  bool at(char c) const { return !rest_.empty() && rest_[0] == c; }
  /// All up to the `}` that belongs to the `{` before it, which is taken.
  std::string_view block();
  /// The end of the line, or of the text.
  void end_line();
  void skip_empty_lines();

  [[noreturn]] void fail_here(const std::string& what) const;
  /// What comes next, for messages.
  std::string next() const;
  int line() const { return line_; }

 private:
  void skip_spaces();

  std::string_view rest_;
  int line_ = 1;
};

/// A whole word as a number; nothing where it isn't one.
std::optional<int64_t> as_integer(std::string_view word);
std::optional<double> as_real(std::string_view word);
/// Without their ends.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace tenon::graph
