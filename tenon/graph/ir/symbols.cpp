#include "tenon/graph/ir/symbols.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tenon/base/error.h"

namespace tenon::graph {
namespace {

constexpr size_t kPoints = 3;  // of each name

[[noreturn]] void fail_too_large() {
  fail<ValueError>("graph", "a size computed from the inputs' sizes doesn't fit 64 bits");
}

/// Coefficients of `n^power` in twice the binomial (n - first choose k), where n counts sizes.
__int128 doubled_binomial(size_t k, size_t power, int64_t first) {
  const __int128 e = first;
  const __int128 table[kPoints][kPoints] = {
      {2, 0, 0}, {-2 * e, 2, 0}, {e * e + e, -(2 * e + 1), 1}};
  return table[k][power];
}

/// Along one axis of the grid: values to forward differences; or, those to coefficients.
template <class Change>
void along(std::vector<__int128>& grid, size_t stride, Change change) {
  for (size_t i = 0; i < grid.size(); ++i) {
    if (i / stride % kPoints == 0) change(&grid[i], stride);
  }
}

std::string text_of(const Formula::Term& term, std::span<const std::string> names) {
  std::string text;
  for (size_t i = 0; i < term.powers.size(); ++i) {
    for (int k = 0; k < term.powers[i]; ++k) {
      text += text.empty() ? "" : "*";
      text += names[i];
    }
  }
  const uint64_t size = term.coefficient < 0 ? 0 - static_cast<uint64_t>(term.coefficient)
                                             : static_cast<uint64_t>(term.coefficient);
  if (text.empty()) return std::to_string(size);
  return size == 1 ? text : fmt::format("{}*{}", size, text);
}

}  // namespace

int64_t Formula::value(std::span<const int64_t> sizes) const {
  int64_t sum = 0;
  for (const Term& term : terms) {
    int64_t product = term.coefficient;
    for (size_t i = 0; i < term.powers.size(); ++i) {
      for (int k = 0; k < term.powers[i]; ++k) {
        if (__builtin_mul_overflow(product, sizes[i], &product)) fail_too_large();
      }
    }
    if (__builtin_add_overflow(sum, product, &sum)) fail_too_large();
  }
  return sum;
}

double Formula::real(std::span<const int64_t> sizes) const {
  const auto number = static_cast<double>(value(sizes));
  return reciprocal ? 1.0 / number : number;
}

std::string Formula::to_text(std::span<const std::string> names) const {
  std::string text;
  for (const Term& term : terms) {
    const bool negative = term.coefficient < 0;
    text += text.empty() ? (negative ? "-" : "") : (negative ? " - " : " + ");
    text += text_of(term, names);
  }
  if (text.empty()) text = "0";
  return text;
}

Formula times(const Formula& a, const Formula& b) {
  std::map<std::vector<uint8_t>, int64_t, std::greater<>> sums;
  for (const Formula::Term& x : a.terms) {
    for (const Formula::Term& y : b.terms) {
      std::vector<uint8_t> powers = x.powers;
      for (size_t i = 0; i < powers.size(); ++i)
        powers[i] = static_cast<uint8_t>(powers[i] + y.powers[i]);
      int64_t product = 0, &sum = sums[powers];
      if (__builtin_mul_overflow(x.coefficient, y.coefficient, &product) ||
          __builtin_add_overflow(sum, product, &sum)) {
        fail_too_large();
      }
    }
  }
  Formula result;
  for (const auto& [powers, coefficient] : sums) {
    if (coefficient != 0) result.terms.push_back({coefficient, powers});
  }
  return result;
}

std::optional<size_t> Formula::as_name() const {
  if (reciprocal || terms.size() != 1 || terms[0].coefficient != 1) return std::nullopt;
  std::optional<size_t> name;
  for (size_t i = 0; i < terms[0].powers.size(); ++i) {
    if (terms[0].powers[i] == 0) continue;
    if (name || terms[0].powers[i] != 1) return std::nullopt;
    name = i;
  }
  return name;
}

std::optional<Formula> fit(std::span<const int64_t> first, std::span<const int64_t> values) {
  std::vector<__int128> grid(values.begin(), values.end());
  size_t stride = grid.size();
  __int128 scale = 1;
  for (const int64_t e : first) {
    stride /= kPoints;
    scale *= 2;
    along(grid, stride, [&](__int128* x, size_t s) {
      const __int128 d1 = x[s] - x[0], d2 = x[2 * s] - 2 * x[s] + x[0];
      const __int128 differences[kPoints] = {x[0], d1, d2};
      for (size_t power = 0; power < kPoints; ++power) {
        x[power * s] = 0;
        for (size_t k = 0; k < kPoints; ++k) {
          x[power * s] += differences[k] * doubled_binomial(k, power, e);
        }
      }
    });
  }
  Formula formula;
  for (size_t i = grid.size(); i-- > 0;) {
    if (grid[i] % scale != 0) return std::nullopt;
    const __int128 coefficient = grid[i] / scale;
    if (coefficient == 0) continue;
    if (coefficient != static_cast<int64_t>(coefficient)) return std::nullopt;
    Formula::Term& term = formula.terms.emplace_back();
    term.coefficient = static_cast<int64_t>(coefficient);
    size_t s = grid.size();
    for (size_t k = 0; k < first.size(); ++k) {
      s /= kPoints;
      term.powers.push_back(static_cast<uint8_t>(i / s % kPoints));
    }
  }
  return formula;
}

std::optional<Formula> fit(std::span<const int64_t> first, std::span<const double> values) {
  constexpr double kMost = 0x1p53;
  for (const bool reciprocal : {false, true}) {
    std::vector<int64_t> whole;
    for (const double value : values) {
      const double number = reciprocal ? std::round(1.0 / value) : value;
      if (!(std::abs(number) < kMost) || number != std::floor(number)) break;
      if (reciprocal && 1.0 / number != value) break;
      whole.push_back(static_cast<int64_t>(number));
    }
    if (whole.size() != values.size()) continue;
    std::optional<Formula> formula = fit(first, whole);
    if (formula) formula->reciprocal = reciprocal;
    return formula;
  }
  return std::nullopt;
}

}  // namespace tenon::graph
