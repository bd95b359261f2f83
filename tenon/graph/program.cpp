#include "tenon/graph/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/ir/lexer.h"
#include "tenon/graph/passes/passes.h"
#include "tenon/graph/trace/trace.h"

namespace tenon::graph {
namespace {

size_t first_sharing(std::span<const Tensor* const> tensors, size_t i) {
  size_t first = 0;
  while (tensors[first]->impl()->storage != tensors[i]->impl()->storage) ++first;
  return first;
}

bool is_recorded(const Tensor& argument) { return modes().grad && argument.requires_grad(); }

void check_is_pure(const Trace& trace, std::span<const Tensor* const> arguments,
                   std::span<const Tensor* const> results) {
  const bool reads_argument = std::any_of(
      arguments.begin(), arguments.end(),
      [&](const Tensor* argument) { return trace.has_looked_at(*argument->impl()->storage); });
  if (trace.flushes() != 0 || reads_argument) {
    fail<ValueError>("compile",
                     fmt::format("a pure function read {} (item(), data(), printing, an op whose "
                                 "sizes depend on data) before its end, so what it does next may "
                                 "depend on it; {} instead, or leave `pure` out",
                                 reads_argument ? "its argument" : "a result",
                                 reads_argument ? "compute with the tensor" : "return the tensor"));
  }
  for (const Tensor* result : results) {
    if (!result->defined()) {
      fail<ValueError>("compile", "a pure function returned an undefined tensor");
    }
    if (!result->requires_grad()) continue;
    fail<ValueError>("compile",
                     "a pure function's result requires a gradient, which replays don't record; "
                     "call backward() within the function, or run it under NoGrad");
  }
}

/// Whether nobody but the trace holds an external storage: the code made it in this call, of data,
/// and makes another one in the next.
bool is_of_call(const Storage& storage) { return storage.references.value() == 1; }

bool have_same_bytes(const Storage& a, const Storage& b) {
  return a.bytes == b.bytes && (a.bytes == 0 || std::memcmp(a.data, b.data, a.bytes) == 0);
}

/// Where the step that line `i` of the pending ops' text belongs to came from.
std::string origin_of_line(const Trace& trace, std::span<const std::string> lines, size_t i) {
  const auto begins_step = [](const std::string& line) {
    return line.starts_with('%') && line.find(" = input ") == line.npos &&
           line.find(" = weight ") == line.npos;
  };
  if (i >= lines.size() || lines[i].starts_with("return")) return {};
  const auto steps =
      std::count_if(lines.begin(), lines.begin() + static_cast<ptrdiff_t>(i) + 1, begins_step);
  return steps == 0 ? std::string() : trace.origin_of(static_cast<size_t>(steps) - 1);
}

}  // namespace

Graph Program::capture(Trace& trace, std::span<const Tensor* const> arguments,
                       std::span<const Tensor* const> results) {
  check_is_pure(trace, arguments, results);
  Graph graph = trace.graph(results);
  const std::span<const Slot> slots = trace.slots();
  size_t weights = 0;
  for (size_t i = 0; i < graph.slots.size(); ++i) {
    GraphSlot& slot = graph.slots[i];
    if (!slot.external) continue;
    const auto given = std::find_if(arguments.begin(), arguments.end(), [&](const Tensor* tensor) {
      return tensor->impl()->storage.get() == slots[i].storage;
    });
    const bool is_input = given != arguments.end();
    slot.role = is_input ? GraphSlot::Role::kInput : GraphSlot::Role::kWeight;
    slot.name =
        is_input ? fmt::format("{}", given - arguments.begin()) : fmt::format("{}", weights++);
  }
  // Offsets of random numbers count from the call's first: they differ from call to call.
  for (const Step& step : graph.steps) {
    if (!step.random) continue;
    if (static_cast<uint64_t>(graph.scalars[step.draw].integer) != trace.first_draw().seed) {
      fail<ValueError>("compile",
                       "a pure function draws random numbers from the default generator only, "
                       "without seeding it");
    }
    graph.scalars[step.draw] = tile::Scalar64(0);
    tile::Scalar64& offset = graph.scalars[step.draw + 1];
    offset = tile::Scalar64(
        static_cast<int64_t>(static_cast<uint64_t>(offset.integer) - trace.first_draw().offset));
  }
  return graph;
}

Program::Program(Trace& trace, std::span<const Tensor* const> arguments,
                 std::span<const Tensor* const> results,
                 std::span<const std::string> without_passes)
    : graph_(capture(trace, arguments, results)),
      without_passes_(without_passes.begin(), without_passes.end()) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const TensorImpl& impl = *arguments[i]->impl();
    arguments_.push_back({impl.dtype, impl.sizes, impl.strides, impl.offset,
                          first_sharing(arguments, i), kNoSlot, is_recorded(*arguments[i])});
  }
  std::vector<Storage*> storages;
  for (const Slot& slot : trace.slots()) storages.push_back(slot.storage);
  for (uint32_t i = 0; i < graph_.slots.size(); ++i) {
    const bool is_weight = graph_.slots[i].role == GraphSlot::Role::kWeight;
    if (is_weight && is_of_call(*storages[i])) made_.insert(i);
  }
  make_slots(storages);
  check_made();
  drawn_ = default_generator().offset() - trace.first_draw().offset;
  make_plan();
}

Program::Program(Graph graph, std::span<const Tensor> weights) : graph_(std::move(graph)) {
  std::vector<Storage*> storages;
  for (const GraphSlot& slot : graph_.slots) {
    const bool is_weight = slot.role == GraphSlot::Role::kWeight;
    storages.push_back(is_weight ? weights.front().impl()->storage.get() : nullptr);
    if (is_weight) weights = weights.subspan(1);
    if (slot.role != GraphSlot::Role::kInput) continue;
    arguments_.resize(std::max(arguments_.size(), size_t{std::stoul(slot.name)} + 1));
  }
  make_slots(storages);
  for (size_t i = 0; i < arguments_.size(); ++i) arguments_[i].shares = i;
  set_sizes(graph_.symbols.sizes);
}

void Program::set_sizes(std::span<const int64_t> sizes) {
  graph_ = graph_.at(sizes);
  verify(graph_);
  for (Argument& argument : arguments_) {
    if (argument.slot == kNoSlot) continue;
    const GraphSlot& slot = graph_.slots[argument.slot];
    argument.dtype = slot.dtype;
    argument.sizes = Shape(graph_.sizes_of(slot));
    argument.strides = contiguous_strides(argument.sizes);
    argument.offset = 0;
  }
  make_plan();
}

/// The plan for the graph's numbers: one that was made for other sizes, where it fits.
void Program::make_plan() {
  numbers_ = graph_.numbers();
  draws_.clear();
  for (const Step& step : graph_.steps) {
    if (!step.random) continue;
    draws_.push_back({step.draw, static_cast<uint64_t>(graph_.scalars[step.draw + 1].integer)});
  }
  for (const auto& plan : plans_) {
    instance_ = plan->instance_for(slots_, numbers_);
    plan_ = plan.get();
    if (instance_) return;
  }
  Graph optimised = graph_;
  run_passes(optimised, without_passes_, Pass::Numbers::kFixed);
  warn_of_memory(optimised, has_warned_of_memory_);
  plan_ = plans_.emplace_back(std::make_unique<Plan>(std::move(optimised))).get();
  instance_ = plan_->instance_for(slots_, numbers_);
}

/// Which argument each slot is, and the storages of those that are none.
void Program::make_slots(std::span<Storage* const> storages) {
  std::vector<bool> written(graph_.slots.size());
  for (const Step& step : graph_.steps) {
    for (const Operand& output : step.outputs) written[output.slot] = true;
  }
  for (uint32_t i = 0; i < graph_.slots.size(); ++i) {
    const GraphSlot& from = graph_.slots[i];
    Slot& slot = slots_.emplace_back(run_slot(from));
    if (!from.external) {
      if (from.live) kept_slots_.push_back(i);
      continue;
    }
    if (written[i]) written_.push_back(i);
    slot.storage = storages[i];
    if (from.role == GraphSlot::Role::kWeight) {
      weights_.push_back(Intrusive<Storage>::share(slot.storage));
      weight_set_.insert(slot.storage);
    } else {
      arguments_[static_cast<size_t>(std::stoul(from.name))].slot = i;
    }
  }
}

void Program::check_made() const {
  for (const uint32_t slot : written_) {
    if (!made_.contains(slot)) continue;
    fail<ValueError>("compile",
                     fmt::format("a pure function writes into a tensor that it makes of data in "
                                 "each call (weight \"{}\", %{}), and replays would write into the "
                                 "first one again; write into a clone() of it",
                                 graph_.slots[slot].name, graph_.slots[slot].value));
  }
}

bool Program::takes(std::span<const Tensor* const> arguments) const {
  if (arguments.size() != arguments_.size()) return false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Argument& known = arguments_[i];
    const TensorImpl& impl = *arguments[i]->impl();
    if (impl.dtype != known.dtype || !(impl.sizes == known.sizes) ||
        !(impl.strides == known.strides) || impl.offset != known.offset ||
        impl.device.type != kCpu.type || !impl.storage->data ||
        is_recorded(*arguments[i]) != known.is_recorded ||
        first_sharing(arguments, i) != known.shares || weight_set_.contains(impl.storage.get())) {
      return false;
    }
  }
  return true;
}

void Program::draw_anew() {
  Generator& generator = default_generator();
  const uint64_t first = generator.advance(drawn_);
  for (const Drawn& drawn : draws_) {
    numbers_.scalars[drawn.place] = tile::Scalar64(generator.seed());
    numbers_.scalars[drawn.place + 1] = tile::Scalar64(first + drawn.distance);
  }
}

void Program::find_donations(std::span<const Tensor* const> arguments,
                             std::span<const Tensor* const> moved) {
  donations_.clear();
  if (moved.empty()) return;
  for (const uint32_t slot : instance_->donatable) {
    const bool is_result = std::any_of(graph_.results.begin(), graph_.results.end(),
                                       [&](const Operand& result) { return result.slot == slot; });
    if (is_result) continue;
    for (size_t i = 0; i < arguments.size(); ++i) {
      const TensorImpl& impl = *arguments[i]->impl();
      if (arguments_[i].slot != slot || impl.references.value() != 1 ||
          std::find(moved.begin(), moved.end(), arguments[i]) == moved.end()) {
        continue;
      }
      Storage* const memory = sole_memory(*impl.storage);
      if (memory && memory->bytes == instance_->bytes[slot]) donations_.push_back({slot, memory});
    }
  }
}

void Program::run(std::span<const Tensor* const> arguments, std::vector<Tensor>& results,
                  std::span<const Tensor* const> moved) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments_[i].slot == kNoSlot) continue;
    slots_[arguments_[i].slot].storage = arguments[i]->impl()->storage.get();
  }
  if (drawn_ != 0) draw_anew();
  // First, as an error may leave some of them written.
  for (const uint32_t slot : written_) {
    slots_[slot].storage->version.fetch_add(1, std::memory_order_relaxed);
  }
  kept_.clear();
  find_donations(arguments, moved);
  if (!plan_->run(*instance_, slots_, numbers_, kept_, donations_)) {
    plan_->run_apart(*instance_, slots_, numbers_, kept_);
  }
  for (const Operand& result : graph_.results) results.push_back(make_result(result));
  kept_.clear();
}

Tensor Program::make_result(const Operand& result) const {
  TensorImpl* const impl = TensorImpl::create();
  Tensor tensor{Intrusive<TensorImpl>::adopt(impl)};
  impl->dtype = result.dtype;
  impl->device = kCpu;
  impl->sizes = Shape(graph_.sizes_of(result));
  impl->strides = Shape(graph_.strides_of(result));
  impl->offset = graph_.offset_of(result);
  impl->numel = count_elements("compile", impl->sizes);
  impl->contiguous = is_contiguous(impl->sizes, impl->strides);
  impl->inference = modes().inference;
  const auto kept = std::find(kept_slots_.begin(), kept_slots_.end(), result.slot);
  impl->storage = kept != kept_slots_.end()
                      ? kept_[static_cast<size_t>(kept - kept_slots_.begin())]
                      : Intrusive<Storage>::share(slots_[result.slot].storage);
  return tensor;
}

void Program::check_same(Trace& trace, std::span<const Tensor* const> arguments,
                         std::span<const Tensor* const> results) const {
  const Graph now = capture(trace, arguments, results);
  const std::vector<std::string> was = lines_of(graph_.to_text()), is = lines_of(now.to_text());
  for (size_t i = 0; i < std::max(was.size(), is.size()); ++i) {
    const std::string before = i < was.size() ? was[i] : "the end",
                      after = i < is.size() ? is[i] : "the end";
    if (before == after) continue;
    fail<ValueError>("compile",
                     fmt::format("a pure function no longer does what was captured: it was\n  {}\n"
                                 "and is now{}\n  {}\nwhat changes from call to call must be an "
                                 "argument; or leave `pure` out",
                                 before, origin_of_line(trace, is, i), after));
  }
  for (size_t i = 0; i < graph_.slots.size(); ++i) {
    const Storage *const was = slots_[i].storage, *const is = trace.slots()[i].storage;
    if (graph_.slots[i].role != GraphSlot::Role::kWeight || is == was) continue;
    if (made_.contains(i) && is_of_call(*is) && have_same_bytes(*is, *was)) continue;
    fail<ValueError>("compile",
                     fmt::format("a pure function uses another tensor than the one that was "
                                 "captured as weight \"{}\" (%{}); make it an argument",
                                 graph_.slots[i].name, graph_.slots[i].value));
  }
}

}  // namespace tenon::graph
