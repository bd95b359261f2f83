#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "tenon/graph/passes/passes.h"
#include "tenon/graph/passes/uses.h"

namespace tenon::graph {
namespace {

/// For each dim of a view, which dim of its storage it is.
using Order = std::vector<size_t>;

class DimOrder {
 public:
  explicit DimOrder(Graph& graph) : graph_(graph), uses_(graph) {}

  void run() {
    for (Step& step : graph_.steps) {
      if (const std::optional<Order> order = order_of(step)) reorder(step, *order);
    }
  }

 private:
  /// How the views that the step reads lie in their storages, where that is one order of dims for
  /// all, another one than that of its result, and who reads the result can do without that.
  std::optional<Order> order_of(const Step& step) const {
    if (!is_elementwise(step) || step.outputs.size() != 1) return {};
    const Operand& output = step.outputs[0];
    if (!uses_.is_inner(output) || output.rank != step.space_rank) return {};
    std::optional<Order> order;
    for (const Operand& input : step.inputs) {
      if (input.value == kNoValue) continue;
      const std::optional<Order> own = order_in_storage(input);
      if (!own || input.rank != output.rank || (order && *order != *own)) return {};
      order = own;
    }
    if (!order || std::is_sorted(order->begin(), order->end())) return {};
    return is_wanted_in(*order, output) ? order : std::nullopt;
  }

  /// The dims of the storage that the view's are; nothing where it isn't all of it.
  std::optional<Order> order_in_storage(const Operand& view) const {
    const GraphSlot& slot = graph_.slots[view.slot];
    if (view.natural || !slot.natural || slot.dtype != view.dtype || slot.rank != view.rank ||
        graph_.offset_of(view) != 0) {
      return {};
    }
    return order_in(view, slot.dims);
  }

  std::optional<Order> order_in(const Operand& view, uint32_t storage) const {
    const size_t rank = view.rank;
    const auto sizes = graph_.sizes_of(view), strides = graph_.strides_of(view);
    const int64_t* const whole = graph_.dims.data() + storage;
    Order order;
    std::vector<bool> is_taken(rank);
    for (size_t i = 0; i < rank; ++i) {
      size_t k = 0;
      while (k < rank && (is_taken[k] || whole[k] != sizes[i] || whole[rank + k] != strides[i])) {
        ++k;
      }
      if (k == rank) return {};
      is_taken[k] = true;
      order.push_back(k);
    }
    return order;
  }

  /// Whether somebody reads the result in the storages' order, and the others are programs, to
  /// which strides make no difference.
  bool is_wanted_in(const Order& order, const Operand& output) const {
    bool is_wanted = false;
    for (const Reader& reader : uses_.readers_of(output)) {
      const Step& step = graph_.steps[reader.step];
      const Operand& input = step.inputs[reader.input];
      if (input.natural && step.kind == Record::Kind::kTile && input.rank == output.rank &&
          input.rank == step.space_rank) {
        continue;
      }
      const bool is_back = !input.natural && step.kind != Record::Kind::kLoop &&
                           order_in_storage(input) == inverse(order);
      if (!is_back) return false;
      is_wanted = true;
    }
    return is_wanted;
  }

  static Order inverse(const Order& order) {
    Order inverse(order.size());
    for (size_t i = 0; i < order.size(); ++i) inverse[order[i]] = i;
    return inverse;
  }

  /// Runs the step over its inputs as they lie, and leaves its result so.
  void reorder(Step& step, const Order& order) {
    Operand& output = step.outputs[0];
    const auto first = std::find_if(step.inputs.begin(), step.inputs.end(),
                                    [](const Operand& input) { return input.value != kNoValue; });
    const Operand view = *first;
    const uint32_t storage = graph_.slots[view.slot].dims, before = output.dims;
    const uint32_t whole = 2u * output.rank + 1;
    assume_order(view.dims, storage, order);
    graph_.assumed.push_back({before, view.dims, output.rank});
    for (Operand& input : step.inputs) {
      if (input.value == kNoValue) continue;
      const uint32_t own = graph_.slots[input.slot].dims;
      if (input.dims != view.dims) graph_.assumed.push_back({input.dims, view.dims, whole});
      if (own != storage) graph_.assumed.push_back({own, storage, whole});
      input.dims = own;
      input.natural = true;
    }
    step.space = storage;
    output.dims = storage;
    graph_.slots[output.slot].dims = storage;
    for (const Reader& reader : uses_.readers_of(output)) {
      Operand& input = graph_.steps[reader.step].inputs[reader.input];
      if (input.natural) {
        input.dims = view.dims;
      } else {
        assume_order(input.dims, before, inverse(order));
        input.dims = storage;
      }
      input.natural = !input.natural;
    }
  }

  /// That the view lies in this order in other runs, too.
  void assume_order(uint32_t view, uint32_t storage, const Order& order) {
    const auto rank = static_cast<uint32_t>(order.size());
    for (uint32_t i = 0; i < rank; ++i) {
      const auto k = static_cast<uint32_t>(order[i]);
      graph_.assumed.push_back({view + i, storage + k, 1});
      graph_.assumed.push_back({view + rank + i, storage + rank + k, 1});
    }
    graph_.assumed.push_back({view + 2 * rank, storage + 2 * rank, 1});
  }

  Graph& graph_;
  const Uses uses_;
};

}  // namespace

void keep_dim_order(Graph& graph) { DimOrder(graph).run(); }

}  // namespace tenon::graph
