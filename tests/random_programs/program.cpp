#include "tests/random_programs/program.h"

#include "tests/random_programs/actions.h"

namespace tenon::programs {
namespace {

const std::vector<Action>& table() {
  static const std::vector<Action> all = [] {
    std::vector<Action> list;
    for (const std::span<const Action> part :
         {math_actions(), layer_actions(), index_actions(), view_actions(), write_actions(),
          gradient_actions(), host_actions()}) {
      list.insert(list.end(), part.begin(), part.end());
    }
    return list;
  }();
  return all;
}

const Action& choose(Dice& dice, bool may_be_block) {
  int64_t total = 0;
  for (const Action& action : table()) {
    if (may_be_block || !action.is_block) total += action.weight;
  }
  int64_t at = dice.below(total);
  for (const Action& action : table()) {
    if (!may_be_block && action.is_block) continue;
    at -= action.weight;
    if (at < 0) return action;
  }
  return table().front();
}

std::vector<Statement> make_statements(Dice& dice, int64_t number, int depth) {
  std::vector<Statement> statements;
  for (int64_t i = 0; i < number; ++i) {
    const Action& action = choose(dice, depth < 3);
    Statement statement{&action, dice.next(), {}};
    if (action.is_block) statement.body = make_statements(dice, 1 + dice.below(6), depth + 1);
    statements.push_back(std::move(statement));
  }
  return statements;
}

}  // namespace

std::span<const Action> actions() { return table(); }

Program make_program(uint64_t seed) {
  Dice dice(seed);
  const int calls = static_cast<int>(4 + dice.below(5));
  return {seed, calls, make_statements(dice, 3 + dice.below(16), 0)};
}

std::string to_text(const std::vector<Statement>& statements, int depth) {
  std::string text;
  for (const Statement& statement : statements) {
    text += std::string(static_cast<size_t>(2 * depth + 2), ' ');
    text += std::string(statement.action->name) + " " + std::to_string(statement.seed) + "\n";
    text += to_text(statement.body, depth + 1);
  }
  return text;
}

size_t count(const std::vector<Statement>& statements) {
  size_t number = 0;
  for (const Statement& statement : statements) number += 1 + count(statement.body);
  return number;
}

}  // namespace tenon::programs
