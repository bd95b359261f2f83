#pragma once

// What a random program runs on: its state between calls, and one call of it.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tenon/core/generator.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/functions.h"
#include "tenon/optim/optimizer.h"
#include "tests/random_programs/program.h"

namespace tenon::programs {

/// An exception of the program's own.
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The compiled program looked at another number than the eager one.
struct Mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A number that the program looked at.
struct Read {
  double value;
  bool exact;
};

using Inner = Compiled<void (*)(Machine&, const Statement&)>;

/// Of what may be added up in another order, relative to the largest number of the program.
double tolerance_of(DType dtype);

/// What lives from call to call. Two of the same program begin alike.
struct State {
  State(const Program& program, bool compiled);

  std::vector<Tensor> parameters;  ///< they require gradients
  std::vector<Tensor> buffers;
  std::vector<Tensor> kept;  ///< results of earlier calls
  std::unique_ptr<optim::Optimizer> optimizer;
  Generator generator;
  bool compiled;
  std::map<const Statement*, Inner> inner;  ///< compiled blocks, when `compiled`
  /// Storages whose values depend on the order in which something was added up: eager and compiled
  /// need not agree in them bit by bit, but to a tolerance: of the coarsest dtype that they came
  /// through. Others must.
  std::map<const Storage*, double> inexact;
  /// At least the tolerance of all that is inexact: sums in float32 over what autocast computed in
  /// halves differ by the halves' roundings.
  double coarsest = 0;
  bool is_pure = false;  ///< nothing may depend on values, nor on what earlier calls did

  /// Of what may be added up in another order.
  double tolerance(DType dtype) const { return std::max(tolerance_of(dtype), coarsest); }
};

/// What calls are given: some alias each other.
std::vector<Tensor> make_arguments(const Program& program, int call);

/// One call: statements over a growing list of tensors. An error of Tenon ends its statement and
/// goes into the log.
class Machine {
 public:
  /// `eager`: what the eager call read, for the compiled one, which compares and goes the same way.
  Machine(State& state, int call, const std::vector<Tensor>& arguments,
          const std::vector<Read>* eager);

  void run(const std::vector<Statement>& statements);
  void run(const Statement& statement);

  // For actions, while their statement runs.

  State& state() { return state_; }
  Dice& dice() { return dice_; }
  int call() const { return call_; }
  /// A tensor of one of these dtypes, more often a late one.
  Tensor pick(DTypeSet dtypes = kAnySet & ~kComplexSet);
  Tensor pick_floating() { return pick(kFloatSet); }
  /// Of few elements.
  Tensor pick_small(DTypeSet dtypes);
  /// A floating tensor that needs a gradient; undefined where there is none.
  Tensor pick_with_gradient(bool leaf);
  /// Whether what the statement picked is the same eager and compiled to the last bit. Jumps
  /// (floor, comparisons) may be taken only then: elsewhere a last bit decides about everything.
  bool is_exact() const { return tolerance_ == 0 && !state_.is_pure; }
  /// A tensor that the statement made. `rounds`: in whatever order its kernels add up.
  void add(const Tensor& tensor, bool rounds = false);
  /// Of tensors from elsewhere, such as gradients.
  void add_inexact(const Tensor& tensor) {
    tolerance_ = std::max(tolerance_, state_.tolerance(tensor.dtype()));
    add(tensor);
  }
  /// `tensor` was written to by the statement.
  void wrote(const Tensor& tensor, bool rounds = false);
  void drop_one();
  size_t value_count() const { return values_.size(); }
  void keep_values(size_t number) { values_.resize(std::min(number, values_.size())); }
  /// A number that changes from call to call for some statements.
  double number();
  /// What the program sees of a tensor of one element.
  double read(const Tensor& tensor);
  void log(const std::string& line) { log_.push_back(line); }
  void note(std::string_view text) { line_ += " " + std::string(text); }

  // After the call.

  const std::vector<Read>& reads() const { return reads_; }
  const std::vector<std::string>& log() const { return log_; }
  /// The last of its tensors.
  std::vector<Tensor> results() const;
  /// The statements that ran, with what they chose.
  const std::string& text() const { return text_; }
  /// For the tests of the tests: results of statements of this kind come out wrong.
  void break_action(std::string_view name) { broken_ = name; }

 private:
  const Tensor& used(const Tensor& tensor);
  std::string name_of_value(const Tensor& tensor) const;

  State& state_;
  const int call_;
  const std::vector<Read>* const eager_;
  Dice dice_{0};
  double tolerance_ = 0;              ///< of what the statement picked
  std::vector<const Storage*> used_;  ///< by the statement
  std::vector<Tensor> values_;
  std::vector<Read> reads_;
  std::vector<std::string> log_;
  std::string line_, text_;
  std::string_view broken_;
};

/// `tensor` as something that goes with `sizes` by broadcasting.
Tensor fit(const Tensor& tensor, const Shape& sizes);

}  // namespace tenon::programs
