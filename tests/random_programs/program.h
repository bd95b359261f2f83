#pragma once

// Programs made at random: statements over whatever tensors there are when they run. Any list of
// statements is a program, so that statements can be left out of one that fails.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::programs {

class Machine;
struct Statement;

/// Numbers that depend on the seed alone (SplitMix64, Steele et al. 2014).
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  /// 0 where there is nothing to choose from.
  int64_t below(int64_t end) {
    return end < 1 ? 0 : static_cast<int64_t>(next() % static_cast<uint64_t>(end));
  }
  bool chance(int percent) { return below(100) < percent; }
  /// In quarters, from -2 to 2.
  double number() { return static_cast<double>(below(17)) / 4 - 2; }
  template <class T>
  const T& one_of(std::span<const T> all) {
    return all[static_cast<size_t>(below(static_cast<int64_t>(all.size())))];
  }

 private:
  uint64_t state_;
};

/// A kind of statement.
struct Action {
  std::string_view name;
  int weight;     ///< how often it is chosen
  bool is_block;  ///< whether it runs the statements of its body
  void (*run)(Machine&, const Statement&);
};

/// All kinds.
std::span<const Action> actions();

struct Statement {
  const Action* action;
  uint64_t seed;  ///< of what it chooses when it runs
  std::vector<Statement> body;
};

struct Program {
  uint64_t seed;
  int calls;
  std::vector<Statement> statements;
};

/// The same for the same seed.
Program make_program(uint64_t seed);
/// As an outline: a statement a line.
std::string to_text(const std::vector<Statement>& statements, int depth = 0);
size_t count(const std::vector<Statement>& statements);

}  // namespace tenon::programs
