#include "python/bindings/python_words.h"

#include <cctype>

#include "tenon/core/dtype.h"

namespace tenon::python {
namespace {

bool is_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// `kInt64` and `kCpu`; empty for other words.
std::string constant(std::string_view word) {
  if (word.size() < 2 || word[0] != 'k') return {};
  std::string name;
  for (const char c : word.substr(1)) {
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (name == "cpu" || name == "meta") return "'" + name + "'";
  for (int i = 0; i < kDTypeCount; ++i) {
    if (name == name_of(static_cast<DType>(i))) return name;
  }
  return {};
}

/// The word, which comes after `before`.
std::string translated(std::string_view word, std::string_view before) {
  if (before.ends_with("=")) {
    if (word == "true") return "True";
    if (word == "false") return "False";
    if (word == "none") return "None";
  }
  if (word == "NoGrad") return "no_grad()";
  const std::string known = constant(word);
  return known.empty() ? std::string(word) : known;
}

}  // namespace

std::string python_words(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && is_of_word(text[end])) ++end;
    if (end > at) {
      result += translated(text.substr(at, end - at), text.substr(0, at));
      at = end;
    } else if (text.substr(at).starts_with("::") && at > 0 && is_of_word(text[at - 1])) {
      result += '.';
      at += 2;
    } else {
      result += text[at++];
    }
  }
  return result;
}

}  // namespace tenon::python
