#include "apps/tenon/suggest.h"

#include <algorithm>
#include <vector>

namespace tenon::app {
namespace {

constexpr size_t kMostSlips = 2;

/// The edit distance of Damerau (1964) and Levenshtein (1966), with swaps of neighbours only.
size_t slips_between(std::string_view a, std::string_view b) {
  // rows[i][j]: from the first i letters of `a` to the first j of `b`.
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      const size_t changed = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string closest_name(std::string_view word, std::span<const std::string> names) {
  std::string best;
  size_t fewest = kMostSlips + 1;
  for (const std::string& name : names) {
    const size_t slips = slips_between(word, name);
    // As many slips as letters make any word of any other.
    if (slips < fewest && slips < std::min(word.size(), name.size())) {
      fewest = slips;
      best = name;
    }
  }
  return best;
}

}  // namespace tenon::app
