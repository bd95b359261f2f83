#include "tenon/serve/program.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>

#include "tenon/base/error.h"
#include "tenon/dispatch/deferral.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/ir/lexer.h"
#include "tenon/graph/program.h"
#include "tenon/ops/functions.h"
#include "tenon/serve/program_file_internal.h"

namespace tenon {

using graph::Formula;
using graph::Graph;
using graph::GraphSlot;

namespace {

/// Lets one thread at a time in, for as long as a run takes; fork doesn't wait for it. A child
/// finds it open, since a thread that was inside is its parent's alone: a process is inside, not a
/// thread.
class OneAtATime {
 public:
  void lock() {
    const pid_t self = getpid();
    for (;;) {
      pid_t inside = inside_.load(std::memory_order_relaxed);
      if (inside == self) {
        inside_.wait(self, std::memory_order_relaxed);
      } else if (inside_.compare_exchange_weak(inside, self, std::memory_order_acquire)) {
        was_cut_off_ = inside != kNobody;
        return;
      }
    }
  }
  void unlock() {
    inside_.store(kNobody, std::memory_order_release);
    inside_.notify_one();
  }
  /// For who is inside: whether a thread was when this process forked, so that what it did is half
  /// done.
  bool was_cut_off() const { return was_cut_off_; }

 private:
  static constexpr pid_t kNobody = 0;
  std::atomic<pid_t> inside_{kNobody};
  bool was_cut_off_ = false;
};

}  // namespace

struct Program::Body {
  OneAtATime one_at_a_time;
  std::vector<Tensor> weights;
  std::vector<ProgramValue> inputs, outputs;
  std::vector<const GraphSlot*> slots;  ///< of the inputs, in `graph`
  Graph graph;                          ///< with the inputs' names
  std::unique_ptr<graph::Program> program;

  void make_program() {
    Graph numbered = graph;
    for (size_t i = 0; i < slots.size(); ++i) {
      numbered.slots[static_cast<size_t>(slots[i] - graph.slots.data())].name = std::to_string(i);
    }
    program = std::make_unique<graph::Program>(std::move(numbered), weights);
  }
};

namespace {

[[noreturn]] void fail_load(const std::string& path, const std::string& what) {
  fail<ValueError>("Program::load", fmt::format("{}: {}", path, what));
}

const std::string& metadata_of(const Metadata& metadata, std::string_view key,
                               const std::string& path) {
  const auto found = metadata.find(std::string(key));
  if (found != metadata.end()) return found->second;
  fail_load(path, fmt::format("it holds no program (its metadata has no '{}'): write it with "
                              "save_program()",
                              key));
}

void check_version(const Metadata& metadata, const std::string& path) {
  const std::string& text = metadata_of(metadata, serve::kVersionKey, path);
  int version = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), version);
  if (read.ec == std::errc() && version >= 1 && version <= serve::kProgramVersion) return;
  fail_load(path,
            fmt::format("its program is of version '{}', and this Tenon reads up to {}; use a "
                        "later one",
                        text, serve::kProgramVersion));
}

/// The places of a slot's or operand's sizes, as text.
std::vector<std::string> sizes_text(const Graph& graph, uint32_t place, size_t rank) {
  std::vector<std::string> texts;
  for (uint32_t i = place; i < place + rank; ++i) {
    const auto formula = graph.symbols.dims.find(i);
    texts.push_back(formula == graph.symbols.dims.end()
                        ? std::to_string(graph.dims[i])
                        : formula->second.to_text(graph.symbols.names));
  }
  return texts;
}

Tensor weight_of(const Graph& graph, const GraphSlot& slot, const StateDict& tensors,
                 const std::string& path) {
  const Tensor* const tensor = tensors.find(slot.name);
  const std::span<const int64_t> sizes = graph.sizes_of(slot);
  for (uint32_t i = slot.dims; i < slot.dims + slot.rank; ++i) {
    if (graph.symbols.dims.contains(i)) {
      fail_load(path, fmt::format("weight '{}' has sizes with names", slot.name));
    }
  }
  if (tensor && tensor->dtype() == slot.dtype && tensor->is_contiguous() &&
      std::equal(sizes.begin(), sizes.end(), tensor->sizes().begin(), tensor->sizes().end())) {
    // The program counts from the start of the storage.
    return tensor->storage_offset() == 0 ? *tensor : tensor->clone();
  }
  fail_load(path, fmt::format("its program uses weight '{}', {}{}, which the file has {}",
                              slot.name, name_of(slot.dtype), to_string(IntList(Shape(sizes))),
                              tensor ? fmt::format("as {}{}", name_of(tensor->dtype()),
                                                   to_string(tensor->sizes()))
                                     : "not"));
}

/// The slots of the inputs, in the order of `names`.
std::vector<const GraphSlot*> input_slots(const Graph& graph, const std::vector<std::string>& names,
                                          const std::string& path) {
  std::vector<const GraphSlot*> slots(names.size());
  for (const GraphSlot& slot : graph.slots) {
    if (!slot.external) continue;
    if (slot.role == GraphSlot::Role::kUnknown || !slot.natural) {
      fail_load(path,
                fmt::format("%{} of its program is neither an input nor a weight", slot.value));
    }
    if (slot.role != GraphSlot::Role::kInput) continue;
    const auto name = std::find(names.begin(), names.end(), slot.name);
    const auto number = static_cast<size_t>(name - names.begin());
    if (name == names.end() || slots[number]) {
      fail_load(path, fmt::format("its program has an input '{}' that isn't listed, or twice",
                                  slot.name));
    }
    slots[number] = &slot;
  }
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!slots[i]) fail_load(path, fmt::format("its program has no input '{}'", names[i]));
  }
  return slots;
}

/// Sizes of inputs are constant or a name, and every name is one of them: a run finds all names.
void check_names_are_found(const Graph& graph, const std::vector<const GraphSlot*>& inputs,
                           const std::string& path) {
  std::vector<bool> found(graph.symbols.names.size());
  for (const GraphSlot* slot : inputs) {
    for (uint32_t i = slot->dims; i < slot->dims + slot->rank; ++i) {
      const auto formula = graph.symbols.dims.find(i);
      if (formula == graph.symbols.dims.end()) continue;
      const std::optional<size_t> name = formula->second.as_name();
      if (!name) fail_load(path, fmt::format("a size of input '{}' is a formula", slot->name));
      found[*name] = true;
    }
  }
  if (std::find(found.begin(), found.end(), false) == found.end()) return;
  fail_load(path, "a named size of its program is no size of an input");
}

/// The named sizes of these inputs. Throws where an input isn't as the program says.
std::vector<int64_t> named_sizes(const Graph& graph, const std::vector<const GraphSlot*>& slots,
                                 const std::vector<ProgramValue>& expected,
                                 const std::vector<Tensor>& inputs) {
  constexpr int64_t kUnknown = -1;
  std::vector<int64_t> sizes(graph.symbols.names.size(), kUnknown);
  int64_t constant = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ProgramValue& value = expected[i];
    const auto describe = [&] {
      return fmt::format("input '{}' is {}{}; expected {}[{}]", value.name,
                         name_of(inputs[i].dtype()), to_string(inputs[i].sizes()),
                         name_of(value.dtype), fmt::join(value.sizes, ", "));
    };
    if (inputs[i].device() != kCpu) {
      fail<DeviceError>("Program", fmt::format("input '{}' is on '{}'; expected 'cpu'", value.name,
                                               to_string(inputs[i].device())));
    }
    if (inputs[i].dtype() != value.dtype) fail<DTypeError>("Program", describe());
    if (inputs[i].sizes().size() != value.sizes.size()) fail<ShapeError>("Program", describe());
    for (uint32_t k = 0; k < slots[i]->rank; ++k) {
      const auto formula = graph.symbols.dims.find(slots[i]->dims + k);
      const bool named = formula != graph.symbols.dims.end();
      const int64_t size = inputs[i].sizes()[k];
      int64_t& known = named ? sizes[*formula->second.as_name()] : constant;
      if (!named) constant = graph.dims[slots[i]->dims + k];
      if (known == kUnknown) known = size;
      if (size != known) fail<ShapeError>("Program", describe());
    }
  }
  return sizes;
}

}  // namespace

Program::Program(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Program::Program(Program&&) noexcept = default;
Program::~Program() = default;

Program Program::load(const std::string& path) {
  Metadata metadata;
  const StateDict tensors = tenon::load(path, metadata);
  const std::string& text = metadata_of(metadata, kProgramKey, path);
  check_version(metadata, path);
  auto body = std::make_unique<Body>();
  try {
    body->graph = Graph::parse(text);
  } catch (const Error& error) {
    fail_load(path, error.what());
  }
  const Graph& graph = body->graph;
  const std::vector<std::string> names =
      graph::lines_of(metadata_of(metadata, serve::kInputsKey, path));
  body->slots = input_slots(graph, names, path);
  check_names_are_found(graph, body->slots, path);
  for (size_t i = 0; i < names.size(); ++i) {
    const GraphSlot& slot = *body->slots[i];
    body->inputs.push_back({names[i], slot.dtype, sizes_text(graph, slot.dims, slot.rank)});
  }
  for (const GraphSlot& slot : graph.slots) {
    if (slot.role != GraphSlot::Role::kWeight) continue;
    body->weights.push_back(weight_of(graph, slot, tensors, path));
  }
  for (size_t i = 0; i < graph.results.size(); ++i) {
    const graph::Operand& result = graph.results[i];
    const bool named = i < graph.result_names.size();
    body->outputs.push_back({named ? graph.result_names[i] : fmt::format("output.{}", i),
                             result.dtype, sizes_text(graph, result.dims, result.rank)});
  }
  body->make_program();
  return Program(std::move(body));
}

std::vector<Tensor> Program::run(const std::vector<Tensor>& inputs) {
  if (inputs.size() != body_->inputs.size()) {
    fail<ValueError>(
        "Program", fmt::format("it takes {} inputs, not {}", body_->inputs.size(), inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].defined()) continue;
    fail<ValueError>("Program",
                     fmt::format("input '{}' is an undefined tensor", body_->inputs[i].name));
  }
  const std::vector<int64_t> sizes = named_sizes(body_->graph, body_->slots, body_->inputs, inputs);
  if (Deferrer* const deferrer = modes().deferrer) deferrer->flush();  // the inputs' data is needed
  const NoGrad no_grad;
  const NotDeferred at_once;
  std::vector<Tensor> whole, results;
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs) {
    const bool is_whole = input.is_contiguous() && input.storage_offset() == 0;
    whole.push_back(is_whole ? input : input.clone().contiguous());
  }
  for (const Tensor& input : whole) pointers.push_back(&input);
  const std::lock_guard lock(body_->one_at_a_time);
  if (body_->one_at_a_time.was_cut_off() || !body_->program) {
    // What is half done can't be destroyed either.
    static_cast<void>(body_->program.release());
    body_->make_program();
  }
  if (sizes != body_->program->graph().symbols.sizes) body_->program->set_sizes(sizes);
  body_->program->run(pointers, results);
  return results;
}

const std::vector<ProgramValue>& Program::inputs() const { return body_->inputs; }
const std::vector<ProgramValue>& Program::outputs() const { return body_->outputs; }
StateDict Program::weights() const {
  StateDict result;
  size_t number = 0;
  for (const GraphSlot& slot : body_->graph.slots) {
    if (slot.role == GraphSlot::Role::kWeight) result.add(slot.name, body_->weights[number++]);
  }
  return result;
}
int64_t Program::step_count() const { return static_cast<int64_t>(body_->graph.steps.size()); }
std::string Program::to_text() const { return body_->graph.to_text(); }
std::string Program::to_dot() const { return body_->graph.to_dot(); }

}  // namespace tenon
