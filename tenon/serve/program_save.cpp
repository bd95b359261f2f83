#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/program.h"
#include "tenon/graph/trace/trace.h"
#include "tenon/ops/functions.h"
#include "tenon/serve/program.h"
#include "tenon/serve/program_file_internal.h"

namespace tenon::serve {
namespace {

using graph::Graph;
using graph::GraphSlot;
using graph::Step;

constexpr std::string_view kCall = "save_program";
constexpr int64_t kPoints = 3;  // sizes of each name that formulas are made from
constexpr size_t kMostNames = 4;

/// What the function was at some sizes.
struct Captured {
  Graph graph;
  const void* place = nullptr;
  std::vector<Intrusive<Storage>> storages;  ///< of external slots
};

/// Whether it is an int: a Scalar, a float or a bool reads otherwise.
bool is_whole(const Attribute& attribute) {
  return attribute.to_string().find_first_not_of("-0123456789") == std::string::npos;
}

/// The tensors that runs of the function write to: they are as before when this ends.
class Unchanged {
 public:
  Unchanged() = default;
  Unchanged(const Unchanged&) = delete;
  ~Unchanged() {
    for (const Kept& kept : kept_) {
      std::memcpy(kept.storage->data, kept.content.data(), kept.content.size());
      kept.storage->version.fetch_add(1, std::memory_order_relaxed);
    }
  }

  /// Of a run that was captured, before its ops run.
  void keep(const Captured& captured) {
    for (const Step& step : captured.graph.steps) {
      for (const graph::Operand& output : step.outputs) {
        const GraphSlot& slot = captured.graph.slots[output.slot];
        if (slot.external && slot.role == GraphSlot::Role::kWeight) {
          keep(captured.storages[output.slot]);
        }
      }
    }
  }

 private:
  struct Kept {
    Intrusive<Storage> storage;
    std::vector<std::byte> content;
  };

  void keep(const Intrusive<Storage>& storage) {
    for (const Kept& kept : kept_) {
      if (kept.storage == storage) return;
    }
    if (storage->bytes == 0) return;
    const auto* const first = static_cast<const std::byte*>(storage->data);
    kept_.push_back({storage, {first, first + storage->bytes}});
  }

  std::vector<Kept> kept_;
};

/// A function whose ops are written down at several sizes of its inputs.
class Saver {
 public:
  Saver(const TensorFunction& function, const std::vector<ProgramInput>& inputs)
      : function_(function), inputs_(inputs) {
    if (graph::Trace::of_thread()) fail<ValueError>(kCall, "call it outside compiled functions");
    check_inputs();
    find_names();
  }

  Captured run() {
    const NoGrad no_grad;
    if (names_.empty()) return capture({});
    std::vector<Captured> grid;
    int64_t points = 1;
    for (size_t i = 0; i < names_.size(); ++i) points *= kPoints;
    for (int64_t i = 0; i < points; ++i) {
      grid.push_back(capture(sizes_at(i)));
      check_same_ops(grid.front(), grid.back());
      check_same_constants(grid.front(), grid.back());
    }
    add_formulas(grid);
    Captured& result = grid.front();
    check_formulas(result);
    return std::move(result);
  }

 private:
  void check_inputs() const {
    std::set<std::string> names;
    for (const ProgramInput& input : inputs_) {
      if (input.name.empty() || input.name.find('\n') != std::string::npos ||
          !names.insert(input.name).second) {
        fail<ValueError>(kCall, fmt::format("'{}' can't be an input's name: names are of one line, "
                                            "not empty, and different",
                                            input.name));
      }
      if (!input.example.defined() || input.example.device() != kCpu) {
        fail<ValueError>(
            kCall, fmt::format("the example of input '{}' is no tensor on the host", input.name));
      }
      if (!input.dims.empty() && input.dims.size() != static_cast<size_t>(input.example.dim())) {
        fail<ValueError>(kCall,
                         fmt::format("input '{}' has {} dims and {} names for them; give \"\" "
                                     "to dims of a fixed size",
                                     input.name, input.example.dim(), input.dims.size()));
      }
    }
  }

  /// The names of dims and their sizes in the examples.
  void find_names() {
    for (const ProgramInput& input : inputs_) {
      for (size_t i = 0; i < input.dims.size(); ++i) {
        const std::string& name = input.dims[i];
        if (name.empty()) continue;
        check_dim_name(name);
        const int64_t size = input.example.sizes()[i];
        const auto known = std::find(names_.begin(), names_.end(), name);
        if (known == names_.end()) {
          names_.push_back(name);
          examples_.push_back(size);
          // Dims of size 1 may broadcast, which is another function.
          first_.push_back(std::max<int64_t>(size, 2));
        } else if (examples_[static_cast<size_t>(known - names_.begin())] != size) {
          fail<ValueError>(kCall,
                           fmt::format("dims of one name have one size, but '{}' is {} in "
                                       "input '{}' and {} before",
                                       name, size, input.name,
                                       examples_[static_cast<size_t>(known - names_.begin())]));
        }
        if (size == 0) {
          fail<ValueError>(
              kCall, fmt::format("dim '{}' of the example of '{}' has size 0", name, input.name));
        }
      }
    }
    if (names_.size() <= kMostNames) return;
    fail<ValueError>(kCall,
                     fmt::format("at most {} dims have names, not {}", kMostNames, names_.size()));
  }

  static void check_dim_name(const std::string& name) {
    const bool is_word = std::all_of(name.begin(), name.end(),
                                     [](unsigned char c) { return std::isalnum(c) || c == '_'; });
    if (is_word && !std::isdigit(static_cast<unsigned char>(name[0]))) return;
    fail<ValueError>(kCall,
                     fmt::format("'{}' can't be a dim's name: use letters, digits and _", name));
  }

  std::vector<int64_t> sizes_at(int64_t point) const {
    std::vector<int64_t> sizes = first_;
    for (size_t i = sizes.size(); i-- > 0; point /= kPoints) sizes[i] += point % kPoints;
    return sizes;
  }

  /// The example with named dims repeated or cut to these sizes.
  Tensor input_at(const ProgramInput& input, const std::vector<int64_t>& sizes) const {
    Tensor value = input.example;
    for (size_t i = 0; i < input.dims.size() && !sizes.empty(); ++i) {
      const auto known = std::find(names_.begin(), names_.end(), input.dims[i]);
      if (known == names_.end()) continue;
      const int64_t size = sizes[static_cast<size_t>(known - names_.begin())];
      const Tensor from = remainder(arange(0, size), Scalar(value.sizes()[i]));
      value = value.index_select(static_cast<int64_t>(i), from);
    }
    return value.is_same(input.example) ? value.clone() : value;
  }

  Captured capture(const std::vector<int64_t>& sizes) {
    std::vector<Tensor> given;
    for (const ProgramInput& input : inputs_) given.push_back(input_at(input, sizes));
    std::vector<const Tensor*> arguments, made;
    for (const Tensor& tensor : given) arguments.push_back(&tensor);
    graph::Trace trace(segments_);
    struct Running {
      explicit Running(graph::Trace& trace) : trace_(trace) { trace.begin(nullptr, true); }
      ~Running() { trace_.end(); }
      graph::Trace& trace_;
    } running(trace);
    const std::vector<Tensor> results = function_(given);
    for (const Tensor& tensor : results) made.push_back(&tensor);
    Captured captured{graph::Program::capture(trace, arguments, made), trace.place(), {}};
    for (const graph::Slot& slot : trace.slots()) {
      captured.storages.push_back(slot.external ? Intrusive<Storage>::share(slot.storage)
                                                : Intrusive<Storage>());
    }
    unchanged_.keep(captured);
    trace.flush();
    return captured;
  }

  void check_same_ops(const Captured& first, const Captured& other) const {
    if (first.place == other.place) return;
    const std::vector<Step>&a = first.graph.steps, &b = other.graph.steps;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (graph::title_of(a[i]) == graph::title_of(b[i])) continue;
      fail<ValueError>(kCall, fmt::format("for other sizes of {} the function runs other ops: its "
                                          "op {} is {} or {}; give that dim no name",
                                          fmt::join(names_, ", "), i, graph::title_of(a[i]),
                                          graph::title_of(b[i])));
    }
    fail<ValueError>(kCall,
                     fmt::format("for other sizes of {} the function's ops take their inputs "
                                 "in another way ({} ops or {}); give that dim no name",
                                 fmt::join(names_, ", "), a.size(), b.size()));
  }

  /// What the function makes of numbers of its own, without an op, becomes a weight.
  void check_same_constants(const Captured& first, const Captured& other) const {
    for (size_t i = 0; i < first.graph.slots.size(); ++i) {
      if (first.graph.slots[i].role != GraphSlot::Role::kWeight) continue;
      const Storage &a = *first.storages[i], &b = *other.storages[i];
      if (&a == &b ||
          (a.bytes == b.bytes && (a.bytes == 0 || std::memcmp(a.data, b.data, a.bytes) == 0))) {
        continue;
      }
      fail<ValueError>(kCall,
                       fmt::format("a tensor that the function makes of its own numbers differs "
                                   "for other sizes of {}; make it by ops, such as full(), or give "
                                   "that dim no name",
                                   fmt::join(names_, ", ")));
    }
  }

  void add_formulas(std::vector<Captured>& grid) const {
    Graph& graph = grid.front().graph;
    graph.symbols.names = names_;
    graph.symbols.sizes = first_;
    for (uint32_t i = 0; i < graph.dims.size(); ++i) {
      std::vector<int64_t> values;
      for (const Captured& captured : grid) values.push_back(captured.graph.dims[i]);
      add_formula(graph.symbols.dims, i, values, "a size");
    }
    for (uint32_t i = 0; i < graph.scalars.size(); ++i) {
      std::vector<double> values;
      for (const Captured& captured : grid) values.push_back(captured.graph.scalars[i].real);
      add_formula(graph.symbols.scalars, i, values, "a number");
    }
    for (uint32_t i = 0; i < graph.attributes.size(); ++i) add_attribute_formulas(grid, i);
  }

  void add_attribute_formulas(std::vector<Captured>& grid, uint32_t i) const {
    Graph& graph = grid.front().graph;
    const std::string first = graph.attributes[i].to_string();
    const bool changes = std::any_of(grid.begin(), grid.end(), [&](const Captured& captured) {
      return captured.graph.attributes[i].to_string() != first;
    });
    if (!changes) return;
    const bool is_list = first[0] == '[';
    const size_t count = is_list ? graph.attributes[i].as<IntList>().size() : 1;
    for (uint32_t k = 0; k < count; ++k) {
      std::vector<int64_t> values;
      for (const Captured& captured : grid) {
        const Attribute& attribute = captured.graph.attributes[i];
        if (!is_list && !is_whole(attribute)) fail_unfitted("an argument");
        values.push_back(is_list ? attribute.as<IntList>()[k] : attribute.as<int64_t>());
      }
      add_formula(graph.symbols.attributes, std::pair(i, k), values, "an argument");
    }
  }

  template <class Key, class T>
  void add_formula(std::map<Key, graph::Formula>& formulas, Key key, const std::vector<T>& values,
                   std::string_view what) const {
    if (std::all_of(values.begin(), values.end(), [&](T value) {
          return value == values[0] || (value != value && values[0] != values[0]);
        })) {
      return;
    }
    std::optional<graph::Formula> formula = graph::fit(first_, std::span<const T>(values));
    if (!formula) fail_unfitted(what);
    formulas[key] = std::move(*formula);
  }

  [[noreturn]] void fail_unfitted(std::string_view what) const {
    fail<ValueError>(
        kCall, fmt::format("{} of an op doesn't follow from {} by multiplying and adding; give "
                           "that dim no name",
                           what, fmt::join(names_, ", ")));
  }

  /// At sizes that the formulas weren't made from.
  void check_formulas(const Captured& result) {
    std::vector<int64_t> sizes = first_;
    for (size_t i = 0; i < sizes.size(); ++i) sizes[i] += kPoints + static_cast<int64_t>(i);
    const Captured real = capture(sizes);
    check_same_ops(result, real);
    const Graph said = result.graph.at(sizes);
    const auto same_number = [](const tile::Scalar64& a, const tile::Scalar64& b) {
      return a.real == b.real || (a.real != a.real && b.real != b.real);
    };
    const auto same_text = [](const Attribute& a, const Attribute& b) {
      return a.to_string() == b.to_string();
    };
    if (said.dims != real.graph.dims) fail_unfitted("a size");
    if (!std::equal(said.scalars.begin(), said.scalars.end(), real.graph.scalars.begin(),
                    same_number)) {
      fail_unfitted("a number");
    }
    if (!std::equal(said.attributes.begin(), said.attributes.end(), real.graph.attributes.begin(),
                    same_text)) {
      fail_unfitted("an argument");
    }
  }

  const TensorFunction& function_;
  const std::vector<ProgramInput>& inputs_;
  std::vector<std::string> names_;
  std::vector<int64_t> examples_, first_;  // sizes of the names: given, and at the first point
  graph::Segments segments_;
  Unchanged unchanged_;
};

/// All of a weight's storage: in the slot's sizes, or flat where those are only a part of it.
Tensor whole_weight(Graph& graph, GraphSlot& slot, const Intrusive<Storage>& storage) {
  if (!slot.natural) {
    const auto count = static_cast<int64_t>(storage->bytes / size_of(slot.dtype));
    slot.dims = static_cast<uint32_t>(graph.dims.size());
    slot.rank = 1;
    slot.natural = true;
    graph.dims.insert(graph.dims.end(), {count, 1, 0});
  }
  TensorImpl* const impl = TensorImpl::create();
  Tensor tensor{Intrusive<TensorImpl>::adopt(impl)};
  impl->dtype = slot.dtype;
  impl->device = kCpu;
  impl->sizes = Shape(graph.sizes_of(slot));
  impl->strides = contiguous_strides(impl->sizes);
  impl->numel = count_elements(kCall, impl->sizes);
  impl->storage = storage;
  return tensor;
}

/// Names the weights, and gives them in the order of the slots.
StateDict name_weights(Captured& captured, const StateDict& names) {
  StateDict weights;
  size_t constants = 0;
  for (size_t i = 0; i < captured.graph.slots.size(); ++i) {
    GraphSlot& slot = captured.graph.slots[i];
    if (slot.role != GraphSlot::Role::kWeight) continue;
    const Intrusive<Storage>& storage = captured.storages[i];
    const auto named = std::find_if(names.begin(), names.end(), [&](const auto& entry) {
      return entry.second.defined() && entry.second.impl()->storage == storage;
    });
    slot.name = named != names.end() ? named->first : fmt::format("constant.{}", constants++);
    weights.add(slot.name, whole_weight(captured.graph, slot, storage));
  }
  return weights;
}

/// Gives inputs their names back, of which capturing knows the numbers only.
void name_inputs(Graph& graph, const std::vector<ProgramInput>& inputs) {
  std::vector<bool> used(inputs.size());
  for (GraphSlot& slot : graph.slots) {
    if (slot.role != GraphSlot::Role::kInput) continue;
    const size_t number = std::stoul(slot.name);
    used[number] = true;
    slot.name = inputs[number].name;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (used[i]) continue;
    fail<ValueError>(
        kCall, fmt::format("the function doesn't use input '{}'; leave it out", inputs[i].name));
  }
}

void name_results(Graph& graph, const std::vector<std::string>& names) {
  if (!names.empty() && names.size() != graph.results.size()) {
    fail<ValueError>(kCall,
                     fmt::format("the function returns {} tensors, and there are {} names for "
                                 "them",
                                 graph.results.size(), names.size()));
  }
  for (size_t i = 0; i < graph.results.size(); ++i) {
    graph.result_names.push_back(names.empty() ? fmt::format("output.{}", i) : names[i]);
  }
}

}  // namespace

void save_program(const TensorFunction& function, const std::vector<ProgramInput>& inputs,
                  const std::string& path, const SaveProgramOptions& options) {
  Captured captured = Saver(function, inputs).run();
  for (const Step& step : captured.graph.steps) {
    if (!step.random) continue;
    fail<ValueError>(kCall,
                     fmt::format("'{}' draws random numbers; switch the model to eval() first",
                                 graph::title_of(step)));
  }
  name_inputs(captured.graph, inputs);
  name_results(captured.graph, options.outputs);
  const StateDict weights = name_weights(captured, options.weights);
  std::string order;
  for (const ProgramInput& input : inputs) order += input.name + "\n";
  Metadata metadata = options.metadata;
  metadata[std::string(kProgramKey)] = captured.graph.to_text();
  metadata[std::string(kInputsKey)] = order;
  metadata[std::string(kVersionKey)] = std::to_string(kProgramVersion);
  save(weights, path, metadata);
}

}  // namespace tenon::serve
