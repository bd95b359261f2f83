#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tenon::graph {

/// What a number of a graph is in terms of sizes that have names: a polynomial with whole
/// coefficients, `2*batch*time + 1`, or one over it.
struct Formula {
  struct Term {
    int64_t coefficient = 0;
    std::vector<uint8_t> powers;  ///< of each name
    friend bool operator==(const Term&, const Term&) = default;
  };

  std::vector<Term> terms;  ///< highest powers first; none: 0
  bool reciprocal = false;

  /// The polynomial's value. Throws ValueError where it leaves int64.
  int64_t value(std::span<const int64_t> sizes) const;
  /// The number itself.
  double real(std::span<const int64_t> sizes) const;
  /// The polynomial.
  std::string to_text(std::span<const std::string> names) const;
  /// With all terms multiplied out.
  friend Formula times(const Formula& a, const Formula& b);
  /// The number of the only name that the formula is; nothing for others.
  std::optional<size_t> as_name() const;
  friend bool operator==(const Formula&, const Formula&) = default;
};

/// The formula with these values where each name is, counted from `first`, at 0, 1 and 2 (the last
/// name's counts fastest); at most quadratic in each. Nothing where none has whole coefficients.
std::optional<Formula> fit(std::span<const int64_t> first, std::span<const int64_t> values);
/// The same of host numbers, which may be one over whole ones.
std::optional<Formula> fit(std::span<const int64_t> first, std::span<const double> values);

/// Which numbers of a graph are formulas of named sizes. By place: in `dims`, in `scalars`, and of
/// attributes with the number of the element.
struct Symbols {
  std::vector<std::string> names;
  std::vector<int64_t> sizes;  ///< those that the graph's numbers are of
  std::map<uint32_t, Formula> dims, scalars;
  std::map<std::pair<uint32_t, uint32_t>, Formula> attributes;
};

}  // namespace tenon::graph
