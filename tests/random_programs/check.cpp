#include "tests/random_programs/check.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tests/random_programs/machine.h"

namespace tenon::programs {
namespace {

/// One tensor as it is after a call.
struct Observed {
  std::string name;
  std::string kind;  ///< dtype, sizes, layout, flags
  std::vector<double> numbers;
  std::vector<int64_t> whole_numbers;
  double tolerance = 0;  ///< 0: the same to the last bit
};

/// All that can be seen of one call.
struct CallResult {
  std::vector<Observed> tensors;
  std::vector<std::string> log;
  std::vector<Read> reads;
  std::string text;
};

/// Strides and offset, as far as they say where an element is.
std::string layout_of(const Tensor& tensor) {
  if (tensor.numel() == 0) return " of none";
  std::string text;
  for (int64_t i = 0; i < tensor.dim(); ++i) {
    text += tensor.size(i) == 1 ? " any" : fmt::format(" {}", tensor.stride(i));
  }
  return text + fmt::format(" offset {}", tensor.storage_offset());
}

void observe(const std::string& name, const Tensor& tensor, double tolerance,
             std::vector<Observed>& all) {
  if (!tensor.defined()) {
    all.push_back({.name = name, .kind = "undefined"});
    return;
  }
  Observed seen{.name = name};
  seen.tolerance = tolerance;
  seen.kind = fmt::format("{}{} strides{}{}{}", name_of(tensor.dtype()), to_string(tensor.sizes()),
                          layout_of(tensor), tensor.requires_grad() ? " requires grad" : "",
                          tensor.is_leaf() ? " leaf" : "");
  // Backward writes gradients in place or anew, as it sees fit.
  if (seen.tolerance == 0) seen.kind += fmt::format(" version {}", tensor.version());
  try {
    const Tensor plain = tensor.detach();
    if (is_floating(tensor.dtype())) {
      seen.numbers = plain.to_vector<double>();
    } else {
      seen.whole_numbers = plain.to(kInt64).to_vector<int64_t>();
    }
  } catch (const Error& error) {
    seen.kind += fmt::format(" unreadable: {}", error.what());
  }
  all.push_back(std::move(seen));
}

void observe_all(const State& state, const std::vector<Tensor>& arguments,
                 const std::vector<Tensor>& results, std::vector<Observed>& all) {
  const auto list = [&](const char* name, const std::vector<Tensor>& tensors) {
    for (size_t i = 0; i < tensors.size(); ++i) {
      const Storage* const storage = tensors[i].impl()->storage.get();
      const auto known = state.inexact.find(storage);
      double tolerance = known == state.inexact.end() ? 0 : known->second;
      if (state.is_pure) tolerance = std::max(tolerance, state.tolerance(tensors[i].dtype()));
      observe(fmt::format("{} {}", name, i), tensors[i], tolerance, all);
    }
  };
  list("result", results);
  list("parameter", state.parameters);
  list("buffer", state.buffers);
  list("kept", state.kept);
  list("argument", arguments);
  for (size_t i = 0; i < state.parameters.size(); ++i) {
    const Tensor gradient = state.parameters[i].grad();
    observe(fmt::format("gradient {}", i), gradient,
            gradient.defined() ? state.tolerance(gradient.dtype()) : 0, all);
  }
  for (const auto& [name, tensor] : state.optimizer->state_dict()) {
    observe(name, tensor, state.tolerance(tensor.dtype()), all);
  }
  Observed random{.name = "random numbers"};
  random.whole_numbers = {static_cast<int64_t>(default_generator().seed()),
                          static_cast<int64_t>(default_generator().offset())};
  all.push_back(std::move(random));
}

using Function = Compiled<std::vector<Tensor> (*)(Machine&, const Program&)>;

std::vector<Tensor> run_program(Machine& machine, const Program& program) {
  machine.run(program.statements);
  return machine.results();
}

CallResult run_call(const Program& program, State& state, int call, Function* compiled,
                    const std::vector<Read>* eager, const CheckOptions& options) {
  std::vector<Tensor> arguments = make_arguments(program, call);
  CallResult result;
  std::vector<Tensor> results;
  std::swap(default_generator(), state.generator);
  {
    Machine machine(state, call, arguments, eager);
    if (compiled) machine.break_action(options.broken);
    try {
      results = compiled ? (*compiled)(machine, program) : run_program(machine, program);
    } catch (const UserError& error) {
      machine.log(error.what());
    } catch (const Error& error) {
      machine.log(fmt::format("out of the call: {}", error.what()));
    } catch (const Mismatch& mismatch) {
      machine.log(mismatch.what());
    }
    result.log = machine.log();
    result.reads = machine.reads();
    result.text = machine.text();
  }
  observe_all(state, arguments, results, result.tensors);
  std::swap(default_generator(), state.generator);
  return result;
}

std::string difference(const Observed& got, const Observed& want, double scale) {
  if (got.kind != want.kind) {
    return fmt::format("{}: {} instead of {}", want.name, got.kind, want.kind);
  }
  if (got.whole_numbers != want.whole_numbers) {
    return fmt::format("{}: {} instead of {}", want.name, fmt::join(got.whole_numbers, " "),
                       fmt::join(want.whole_numbers, " "));
  }
  const double tolerance = std::max(got.tolerance, want.tolerance);
  for (size_t i = 0; i < want.numbers.size(); ++i) {
    const double a = got.numbers[i], b = want.numbers[i];
    if (std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b)) continue;
    if (std::isnan(a) && std::isnan(b)) continue;
    if (tolerance > 0 && std::abs(a - b) <= tolerance * scale) continue;
    return fmt::format("{} ({}), element {}: {:.17g} instead of {:.17g}{}", want.name, want.kind, i,
                       a, b, tolerance > 0 ? fmt::format(" (at a scale of {})", scale) : "");
  }
  return {};
}

std::string difference(const CallResult& got, const CallResult& want, double scale) {
  for (size_t i = 0; i < std::min(got.log.size(), want.log.size()); ++i) {
    if (got.log[i] != want.log[i]) {
      return fmt::format("log {}: '{}' instead of '{}'", i, got.log[i], want.log[i]);
    }
  }
  if (got.log.size() != want.log.size()) {
    const bool more = got.log.size() > want.log.size();
    const std::vector<std::string>& longer = more ? got.log : want.log;
    return fmt::format("{} '{}' in the log", more ? "also" : "no",
                       longer[std::min(got.log.size(), want.log.size())]);
  }
  if (got.reads.size() != want.reads.size()) return "another number of reads";
  if (got.tensors.size() != want.tensors.size()) return "another number of tensors";
  for (size_t i = 0; i < want.tensors.size(); ++i) {
    const std::string found = difference(got.tensors[i], want.tensors[i], scale);
    if (!found.empty()) return found;
  }
  return {};
}

/// The eager and the compiled program, call by call.
class Comparison {
 public:
  Comparison(const Program& program, const CheckOptions& options)
      : program_(program),
        options_(options),
        eager_(program, false),
        compiled_(program, true),
        function_(compile(&run_program, {.memory_limit = options.memory_limit})) {}

  /// The next call's difference.
  std::string next() {
    want_ = run_call(program_, eager_, call_, nullptr, nullptr, options_);
    for (const Observed& seen : want_.tensors) {
      for (const double number : seen.numbers) {
        if (std::isfinite(number)) scale_ = std::max(scale_, std::abs(number));
      }
    }
    const CallResult got = run_call(program_, compiled_, call_, &function_, &want_.reads, options_);
    ++call_;
    return difference(got, want_, scale_);
  }
  int call() const { return call_; }
  const std::string& text() const { return want_.text; }

 private:
  const Program& program_;
  const CheckOptions& options_;
  State eager_, compiled_;
  Function function_;
  CallResult want_;
  double scale_ = 1;
  int call_ = 0;
};

/// Leaves statements, and blocks around some, out of `list`, a part of `program`, as long as it
/// goes on failing.
bool leave_out(std::vector<Statement>& list, Program& program, const CheckOptions& options) {
  bool changed = false;
  for (size_t i = list.size(); i-- > 0;) {
    const Statement removed = list[i];
    list.erase(list.begin() + static_cast<ptrdiff_t>(i));
    if (!difference_of(program, options).empty()) {
      changed = true;
      continue;
    }
    list.insert(list.begin() + static_cast<ptrdiff_t>(i), removed);
    changed |= leave_out(list[i].body, program, options);
    if (list[i].body.empty()) continue;
    const std::vector<Statement> whole = list;
    list.erase(list.begin() + static_cast<ptrdiff_t>(i));
    list.insert(list.begin() + static_cast<ptrdiff_t>(i), whole[i].body.begin(),
                whole[i].body.end());
    if (difference_of(program, options).empty()) {
      list = whole;
    } else {
      changed = true;
    }
  }
  return changed;
}

}  // namespace

std::string difference_of(const Program& program, const CheckOptions& options) {
  Comparison comparison(program, options);
  for (int call = 0; call < program.calls; ++call) {
    const std::string found = comparison.next();
    if (!found.empty()) return fmt::format("call {}: {}", call, found);
  }
  return {};
}

Program minimised(Program program, const CheckOptions& options) {
  while (program.calls > 1) {
    --program.calls;
    if (!difference_of(program, options).empty()) continue;
    ++program.calls;
    break;
  }
  while (leave_out(program.statements, program, options)) {
  }
  return program;
}

namespace {

/// Without what looks at values, draws by seeds of its own, or leaves something behind but writes.
std::vector<Statement> pure_part(const std::vector<Statement>& statements) {
  constexpr std::string_view kImpure[] = {
      "look_at_one", "print",      "if_positive",   "loop_with_reads", "throw",  "wrong_index",
      "keep",        "orders",     "selected",      "replace_buffer",  "random", "by_pointer",
      "backward",    "gradient",   "read_grad",     "clear_grads",     "update", "optimize",
      "hook",        "transforms", "needs_gradient"};
  std::vector<Statement> pure;
  for (const Statement& statement : statements) {
    if (std::find(std::begin(kImpure), std::end(kImpure), statement.action->name) !=
        std::end(kImpure)) {
      continue;
    }
    pure.push_back({statement.action, statement.seed, pure_part(statement.body)});
  }
  return pure;
}

/// A call of the function, whose code the machine is.
template <class F>
CallResult pure_call(State& state, const std::vector<Tensor>& arguments, F function) {
  CallResult result;
  std::swap(default_generator(), state.generator);
  const std::vector<Tensor> results = function(arguments);
  observe_all(state, arguments, results, result.tensors);
  std::swap(default_generator(), state.generator);
  return result;
}

}  // namespace

std::optional<std::string> pure_difference_of(const Program& program) {
  const Program pure{program.seed, program.calls, pure_part(program.statements)};
  State eager(pure, false), compiled(pure, false);
  eager.is_pure = compiled.is_pure = true;
  const auto code_of = [&](State& state) {
    return [&](const std::vector<Tensor>& arguments) {
      const NoGrad no_grad;
      Machine machine(state, 0, arguments, nullptr);
      machine.run(pure.statements);
      std::vector<Tensor> results;
      for (const Tensor& result : machine.results()) results.push_back(result.detach());
      return results;
    };
  };
  auto function = compile(code_of(compiled), {.pure = true});
  double scale = 1;
  for (int call = 0; call < program.calls; ++call) {
    const CallResult want = pure_call(eager, make_arguments(pure, call), code_of(eager));
    for (const Observed& seen : want.tensors) {
      for (const double number : seen.numbers) {
        if (std::isfinite(number)) scale = std::max(scale, std::abs(number));
      }
    }
    try {
      const CallResult got =
          pure_call(compiled, make_arguments(pure, call),
                    [&](const std::vector<Tensor>& arguments) { return function(arguments); });
      const std::string found = difference(got, want, scale);
      if (!found.empty()) return fmt::format("call {}: {}", call, found);
    } catch (const ValueError& error) {
      std::swap(default_generator(), compiled.generator);
      if (std::string_view(error.what()).find("a pure function") == std::string_view::npos) throw;
      return std::nullopt;
    }
  }
  return std::string();
}

std::string report_of(const Program& program, const CheckOptions& options) {
  std::string text =
      fmt::format("seed {}, {} calls, {} statements:\n{}", program.seed, program.calls,
                  count(program.statements), to_text(program.statements));
  Comparison comparison(program, options);
  for (int call = 0; call < program.calls; ++call) {
    const std::string found = comparison.next();
    text += fmt::format("call {}\n{}", call, comparison.text());
    if (!found.empty()) return text + found + "\n";
  }
  return text + "no difference\n";
}

}  // namespace tenon::programs
