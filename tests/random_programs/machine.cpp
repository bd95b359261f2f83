#include "tests/random_programs/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/adam.h"
#include "tenon/optim/sgd.h"

namespace tenon::programs {
namespace {

constexpr int64_t kMostElements = 18000;

/// Neither ties nor zeros, but in bool; small whole numbers in integer dtypes.
Tensor filled(const Shape& sizes, DType dtype, int salt) {
  const int64_t count = count_elements("filled", sizes);
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    const double x = std::sin(1.0 + 1.7 * static_cast<double>(i) + 0.9 * salt);
    values.push_back(is_floating(dtype) ? 1.5 * x
                     : dtype == kBool   ? std::floor(1 + x)
                                        : std::floor(1.5 + 1.5 * x));
  }
  return from_vector(values, sizes).to(dtype);
}

}  // namespace

State::State(const Program& program, bool as_compiled)
    : generator(program.seed), compiled(as_compiled) {
  Dice dice(program.seed ^ 0x5157);
  for (const Shape& sizes : {Shape{3, 4}, Shape{4}, dice.chance(50) ? Shape{} : Shape{3, 3}}) {
    const DType dtype = dice.chance(80) ? kFloat32 : kFloat64;
    parameters.push_back(filled(sizes, dtype, static_cast<int>(parameters.size())));
    parameters.back().requires_grad_();
  }
  const Tensor base = filled({4, 3}, kFloat32, 7);
  const Tensor several[] = {base,
                            dice.chance(50) ? base.t() : base.slice(0, 1, 3),
                            filled({2, 3}, kFloat64, 1),
                            filled({5}, kInt64, 2),
                            filled({4}, kBool, 3),
                            filled({0, 3}, kFloat32, 4),
                            filled({3}, kFloat16, 5),
                            filled({}, kFloat32, 6),
                            filled({70, 65}, kFloat32, 8),
                            filled({2, 2}, kInt32, 9),
                            filled({3}, kUInt8, 10),
                            filled({2, 1, 3}, kBFloat16, 11),
                            filled({1}, kFloat32, 12)};
  // Such as lends its memory to results.
  if (dice.chance(15)) buffers.push_back(filled({130, 129}, kFloat32, 13));
  for (const Tensor& buffer : several) {
    if (dice.chance(55)) buffers.push_back(buffer);
  }
  if (buffers.empty()) buffers.push_back(base);
  if (dice.chance(50)) {
    optimizer = std::make_unique<optim::SGD>(
        parameters, optim::SGDOptions{.learning_rate = 0.05, .momentum = 0.5});
  } else {
    optimizer =
        std::make_unique<optim::Adam>(parameters, optim::AdamOptions{.learning_rate = 0.05});
  }
}

std::vector<Tensor> make_arguments(const Program& program, int call) {
  Dice dice(program.seed ^ 0xa395);
  const int64_t usual = 1 + dice.below(5);
  const bool sizes_change = dice.chance(50), aliases_change = dice.chance(50);
  const int64_t shift = dice.below(6);
  const int64_t sizes[] = {usual, usual, 1, usual, 0, usual + 1};
  const int64_t n = sizes_change ? sizes[(call + shift) % 6] : usual;
  const DType dtype = sizes_change && call % 5 == 3 ? kFloat64 : kFloat32;
  const Tensor x = filled({n, 3}, dtype, call);
  switch ((aliases_change ? call : 0) + static_cast<int>(shift)) {
    case 1:
    case 6:
      return {x, x};
    case 2:
    case 7:
      return {x, x.slice(0, n / 2, n)};
    case 3:
      return {x, x.t()};
    default:
      return {x, filled({n, 3}, kFloat32, call + 20)};
  }
}

double tolerance_of(DType dtype) {
  switch (dtype) {
    case kFloat64:
      return 1e-8;
    case kFloat32:
      return 2e-3;
    default:
      return 6e-2;
  }
}

Machine::Machine(State& state, int call, const std::vector<Tensor>& arguments,
                 const std::vector<Read>* eager)
    : state_(state), call_(call), eager_(eager) {
  // They may be where something inexact was.
  for (const Tensor& argument : arguments) state.inexact.erase(argument.impl()->storage.get());
  const std::vector<Tensor>* const lists[] = {&state.parameters, &state.buffers, &state.kept,
                                              &arguments};
  for (const std::vector<Tensor>* list : lists) {
    values_.insert(values_.end(), list->begin(), list->end());
  }
}

void Machine::run(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) run(statement);
}

void Machine::run(const Statement& statement) {
  dice_ = Dice(statement.seed);
  tolerance_ = 0;
  used_.clear();
  line_ = std::string(statement.action->name);
  const size_t before = values_.size();
  const auto finish = [&] {
    if (statement.action->is_block) return;
    text_ += "  " + line_ + "\n";
  };
  try {
    statement.action->run(*this, statement);
  } catch (const Error& error) {
    line_ += fmt::format(" -> {}", error.what());
    log_.push_back(error.what());
  } catch (...) {
    finish();
    throw;
  }
  if (statement.action->name == broken_ && values_.size() > before &&
      is_floating(values_.back().dtype())) {
    values_.back() = values_.back() + 1;
  }
  finish();
}

std::string Machine::name_of_value(const Tensor& tensor) const {
  for (size_t i = values_.size(); i-- > 0;) {
    if (values_[i].is_same(tensor)) return fmt::format("v{}", i);
  }
  return "new";
}

const Tensor& Machine::used(const Tensor& tensor) {
  used_.push_back(tensor.impl()->storage.get());
  const auto known = state_.inexact.find(used_.back());
  if (known != state_.inexact.end()) tolerance_ = std::max(tolerance_, known->second);
  line_ += " " + name_of_value(tensor);
  return tensor;
}

Tensor Machine::pick(DTypeSet dtypes) {
  std::vector<const Tensor*> fitting;
  for (const Tensor& value : values_) {
    if (contains(dtypes, value.dtype())) fitting.push_back(&value);
  }
  const auto count = static_cast<int64_t>(fitting.size());
  const int64_t late = std::min<int64_t>(count, 4);
  const int64_t at = dice_.chance(60) ? count - 1 - dice_.below(late) : dice_.below(count);
  if (count != 0) return used(*fitting[static_cast<size_t>(at)]);
  const DType dtype = contains(dtypes, kFloat32) ? kFloat32
                      : contains(dtypes, kBool)  ? kBool
                                                 : kInt64;
  const Tensor made = full({2, 3}, 1, dtype);
  state_.inexact.erase(made.impl()->storage.get());
  return used(made);
}

Tensor Machine::pick_small(DTypeSet dtypes) {
  const Tensor tensor = pick(dtypes);
  return tensor.numel() <= 200 ? tensor : tensor.reshape({-1}).slice(0, 0, 60);
}

Tensor Machine::pick_with_gradient(bool leaf) {
  std::vector<const Tensor*> fitting;
  for (const Tensor& value : values_) {
    if (value.requires_grad() && value.is_leaf() == leaf) fitting.push_back(&value);
  }
  if (fitting.empty()) return {};
  return used(*fitting[static_cast<size_t>(dice_.below(static_cast<int64_t>(fitting.size())))]);
}

void Machine::add(const Tensor& tensor, bool rounds) {
  wrote(tensor, rounds);
  if (tensor.numel() > kMostElements) return;
  values_.push_back(tensor);
  line_ += fmt::format(" => v{} {}{}", values_.size() - 1, name_of(tensor.dtype()),
                       to_string(tensor.sizes()));
}

void Machine::wrote(const Tensor& tensor, bool rounds) {
  const Storage* const storage = tensor.impl()->storage.get();
  const double own = rounds && is_floating(tensor.dtype()) ? state_.tolerance(tensor.dtype()) : 0;
  if (const double tolerance = std::max(tolerance_, own); tolerance > 0) {
    double& known = state_.inexact[storage];
    known = std::max(known, tolerance);
  } else if (std::find(used_.begin(), used_.end(), storage) == used_.end()) {
    state_.inexact.erase(storage);  // another one was at this address before
  }
}

void Machine::drop_one() {
  if (values_.empty()) return;
  const int64_t at = dice_.below(static_cast<int64_t>(values_.size()));
  values_.erase(values_.begin() + at);
}

double Machine::number() {
  const double number = dice_.number();
  return dice_.chance(40) ? number + 0.25 * call_ : number;
}

double Machine::read(const Tensor& tensor) {
  const double value = tensor.item().to_double();
  const bool exact = is_exact() && !state_.inexact.contains(tensor.impl()->storage.get());
  const size_t at = reads_.size();
  reads_.push_back({value, exact});
  if (!eager_) return value;
  if (at >= eager_->size()) throw Mismatch("one read more than eager");
  const Read& want = (*eager_)[at];
  const double distance = std::abs(value - want.value);
  const bool both_nan = std::isnan(value) && std::isnan(want.value);
  const double allowed =
      exact ? 0 : std::max(1e-2, state_.coarsest) * std::max(1.0, std::abs(want.value));
  if (!both_nan && value != want.value && !(distance <= allowed)) {
    throw Mismatch(fmt::format("read {}: {} instead of {}", at, value, want.value));
  }
  return want.value;
}

std::vector<Tensor> Machine::results() const {
  const size_t count = std::min<size_t>(values_.size(), 4);
  return {values_.end() - static_cast<ptrdiff_t>(count), values_.end()};
}

Tensor fit(const Tensor& tensor, const Shape& sizes) {
  Tensor fitted = tensor;
  while (fitted.sizes().size() > sizes.size()) {
    if (fitted.size(0) == 0) return zeros_like(tensor, tensor.dtype()).sum();
    fitted = fitted.select(0, fitted.size(0) - 1);
  }
  const auto dims = static_cast<int64_t>(sizes.size());
  for (int64_t i = -1; i >= -fitted.dim(); --i) {
    const int64_t want = sizes[static_cast<size_t>(dims + i)], have = fitted.size(i);
    if (have == want || have == 1) continue;
    if (have == 0) return zeros_like(tensor, tensor.dtype()).sum();
    fitted = have > want ? fitted.narrow(i, have - want, want) : fitted.narrow(i, 0, 1);
  }
  return fitted;
}

}  // namespace tenon::programs
