#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tenon/base/small_array.h"
#include "tenon/core/tensor.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::autograd {

struct Node;

/// Where a gradient goes: result `index` of a node, or a leaf; neither where none is wanted.
struct Edge {
  Intrusive<GradNode> node;
  Intrusive<TensorImpl> leaf;
  uint32_t index = 0;

  explicit operator bool() const { return node || leaf; }
};

/// Tensors kept for a gradient rule, and the versions that they had. Undefined where not kept.
template <size_t N>
struct SavedTensors {
  SmallArray<Tensor, N> tensors;
  SmallArray<uint32_t, N> versions;

  void allocate(size_t size) {
    tensors.allocate(size);
    versions.allocate(size);
  }
  void clear() {
    tensors.clear();
    versions.forget();
  }
};

/// A gradient rule that is not an op's: custom functions, checkpoints, writes through views.
struct Rule {
  virtual ~Rule() = default;
  virtual std::string_view name() const = 0;
  /// Gradients of the inputs given those of the results (undefined where none arrived).
  virtual Grads run(const Node& node, std::span<const Tensor> grads) = 0;
  /// Drops what it holds on to; called when the graph is freed.
  virtual void release() {}
  /// Whether its backward hands gradients to tensors besides its inputs.
  virtual bool reaches_others() const { return false; }
  /// Calls `visit` with each tensor that it keeps for its backward.
  virtual void visit_saved(const std::function<void(Tensor&)>& visit) { static_cast<void>(visit); }
};

using Hook = std::function<Tensor(const Tensor&)>;
/// Given the gradients of a node's inputs (none before it has run) and those of its results, what
/// takes the place of the former, or of the latter before it has run; nothing: they stay.
using NodeHook = std::function<std::optional<std::vector<Tensor>>(std::span<const Tensor> inputs,
                                                                  std::span<const Tensor> results)>;

class Packed;

/// What few nodes have: hooks, results whose gradient is kept, saved tensors that hooks packed.
struct ResultExtras {
  struct Entry {
    int64_t number;
    uint32_t result;
    Hook hook;
  };
  std::vector<Entry> hooks;
  struct NodeEntry {
    int64_t number;
    NodeHook hook;
  };
  std::vector<NodeEntry> before, after;  ///< hooks called before and after the node runs
  /// Results whose gradient is kept, and where: shared with the result's own extras.
  std::vector<std::pair<uint32_t, std::shared_ptr<Tensor>>> retained;
  /// By number; null where nothing was saved. Empty where nothing was packed.
  std::vector<std::shared_ptr<const Packed>> inputs, outputs;
};

/// One op of the backward graph: what it needs to turn gradients of its results into gradients of
/// its inputs. Owned by the tensors that it made and by later nodes. Freed without recursion.
struct Node : GradNode {
  /// Greater than that of every node it leads to: nodes run in descending order.
  uint64_t order = 1;
  const OpDef* op = nullptr;  ///< null when `rule` is set
  std::unique_ptr<Rule> rule;
  /// One an input. A pass that frees the graph takes them along, as it follows them.
  SmallArray<Edge, 3> edges;
  SavedTensors<3> inputs;
  SavedTensors<1> outputs;
  SmallArray<Spec, 1> results;  ///< sizes and dtypes of what it made
  Device device;
  bool released = false;  ///< a backward pass has freed what it saved
  std::vector<Attribute> attributes;
  std::vector<Spec> input_specs;
  std::unique_ptr<ResultExtras> extras;
  std::unique_ptr<std::string> place;  ///< where the forward call was made; anomaly mode only
  /// The memory that was written last of that of which neither it nor any node it leads to keeps
  /// tensors with histories (see write_history); compared only.
  const Storage* unlinked = nullptr;
  Node* next_free = nullptr;  ///< while it waits to be used again, or to be dropped

  static Intrusive<Node> create();
  /// Back to the state of a new one.
  void reset();
  std::string_view name() const { return op ? op->name : rule->name(); }
  /// Frees what it saved.
  void release();
};

/// The edge that gradients of `tensor` follow; empty where it requires none. A view whose base was
/// written since gets a new node here.
Edge edge_of(const Tensor& tensor);
/// The same, written into an edge that leads nowhere yet.
void set_edge(Edge& edge, const Tensor& tensor);
/// Makes `tensor` result `index` of `node`.
void set_history(const Tensor& tensor, Intrusive<Node> node, uint32_t index);
/// Fills in edges, order, device, result specs and the place of a new node. Bit i of what it gives:
/// the gradient of input i is wanted; the last bit stands for all further ones of a list.
uint32_t connect(Node& node, std::span<const Tensor* const> inputs,
                 std::span<const Tensor> outputs);
/// Where the calling user code is, as text; for anomaly mode.
std::string describe_place();

}  // namespace tenon::autograd
