#include <cmath>

#include "tenon/base/error.h"
#include "tenon/ops/operators.h"
#include "tests/random_programs/actions.h"

// What the host does between ops: control flow, looking at values, exceptions, state.
namespace tenon::programs {
namespace {

constexpr size_t kMostKept = 4;

/// A number of the program's tensors.
double look(Machine& m) {
  const Tensor x = m.pick();
  if (x.numel() == 0) return 0;
  return m.read(x.reshape({-1}).select(0, m.dice().below(x.numel())));
}

void look_at_one(Machine& m, const Statement&) {
  const double value = look(m);
  if (m.dice().chance(40)) m.add(m.pick_floating() * std::tanh(value));
}

void print(Machine& m, const Statement&) {
  const Tensor x = m.pick_small(kAnySet & ~kComplexSet);
  const std::string text = x.to_string();
  if (m.is_exact()) m.log(text);
}

/// What a block made stays, or is out of scope.
void leave_block(Machine& m, size_t before, bool keeps) {
  if (!keeps) m.keep_values(before);
}

void if_positive(Machine& m, const Statement& statement) {
  const double value = look(m);
  const bool keeps = m.dice().chance(50), also_else = m.dice().chance(50);
  const size_t before = m.value_count();
  if (value > 0) {
    m.run(statement.body);
  } else if (also_else && !statement.body.empty()) {
    m.run(statement.body.back());
  }
  leave_block(m, before, keeps);
}

void by_call(Machine& m, const Statement& statement) {
  if (m.call() % (2 + m.dice().below(2)) != 0) m.run(statement.body);
}

void loop(Machine& m, const Statement& statement) {
  const int64_t times = (m.call() + m.dice().below(3)) % 4;
  const bool keeps = m.dice().chance(50);
  const size_t before = m.value_count();
  for (int64_t i = 0; i < times; ++i) m.run(statement.body);
  leave_block(m, before, keeps);
}

void loop_with_reads(Machine& m, const Statement& statement) {
  Dice dice = m.dice();
  const size_t before = m.value_count();
  for (int i = 0; i < 4; ++i) {
    m.dice() = dice;  // the body's statements leave theirs
    if (look(m) + 0.25 * i > 0.75) break;
    m.run(statement.body);
  }
  leave_block(m, before, dice.chance(50));
}

void compiled_block(Machine& m, const Statement& statement) {
  const auto body = [](Machine& machine, const Statement& block) { machine.run(block.body); };
  if (!m.state().compiled) return body(m, statement);
  auto& inner = m.state().inner;
  auto found = inner.find(&statement);
  if (found == inner.end()) {
    found = inner.emplace(&statement, compile(+body)).first;
  }
  found->second(m, statement);
}

void try_block(Machine& m, const Statement& statement) {
  try {
    m.run(statement.body);
  } catch (const UserError& error) {
    m.log(error.what());
  }
}

void throw_one(Machine& m, const Statement&) {
  if ((m.call() + m.dice().below(3)) % 3 == 1) throw UserError("of the program");
}

void wrong_sizes(Machine& m, const Statement&) {
  const Tensor x = m.pick_floating();
  m.add(matmul(x.reshape({-1, 1}), ones({2, 3}, x.dtype())));
}

/// An error that depends on data, which is looked at before the program goes on: it comes out where
/// the data is.
void wrong_index(Machine& m, const Statement&) {
  const Tensor x = m.pick_floating();
  if (x.dim() == 0) return;
  const Tensor before = tanh(x);
  m.add(before);
  const Tensor index = full({x.size(0)}, x.size(0) - (m.call() % 2 == 0 ? 0 : 1), kInt64);
  const Tensor both = index_select(x, 0, index) * 0.5 + before;
  m.read(mean(both).to(kFloat64));
  m.add(both);
}

void keep(Machine& m, const Statement&) {
  const Tensor x = m.pick().detach();
  std::vector<Tensor>& kept = m.state().kept;
  const size_t at = static_cast<size_t>(m.dice().below(kMostKept));
  if (at < kept.size()) {
    kept[at] = x;
  } else {
    kept.push_back(x);
  }
}

void replace_buffer(Machine& m, const Statement&) {
  std::vector<Tensor>& buffers = m.state().buffers;
  const auto count = static_cast<int64_t>(buffers.size());
  Tensor& buffer = buffers[static_cast<size_t>(m.dice().below(count))];
  if (m.dice().chance(50)) {
    buffer = m.pick().detach();
  } else {
    std::swap(buffer, buffers[static_cast<size_t>(m.dice().below(count))]);
  }
}

void drop(Machine& m, const Statement&) {
  for (int64_t i = 1 + m.dice().below(3); i > 0; --i) m.drop_one();
}

constexpr Action kActions[] = {
    {"look_at_one", 4, false, look_at_one},
    {"print", 1, false, print},
    {"if_positive", 5, true, if_positive},
    {"by_call", 3, true, by_call},
    {"loop", 4, true, loop},
    {"loop_with_reads", 3, true, loop_with_reads},
    {"compiled_block", 2, true, compiled_block},
    {"try_block", 2, true, try_block},
    {"throw", 1, false, throw_one},
    {"wrong_sizes", 1, false, wrong_sizes},
    {"wrong_index", 1, false, wrong_index},
    {"keep", 4, false, keep},
    {"replace_buffer", 2, false, replace_buffer},
    {"drop", 6, false, drop},
};

}  // namespace

std::span<const Action> host_actions() { return kActions; }

}  // namespace tenon::programs
