#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/graph/ir/graph.h"

// What a graph goes through before it is planned. Each pass has a file of its own.
namespace tenon::graph {

struct Pass {
  /// Whether sizes and host numbers may differ from run to run.
  enum class Numbers : uint8_t { kAny, kFixed };

  std::string_view name;
  void (*run)(Graph& graph);
  Numbers numbers = Numbers::kAny;  ///< kFixed: only for graphs whose numbers stay as they are
};

/// All passes, in their order.
std::span<const Pass> all_passes();
/// Runs those that suit the graph's numbers, but for those that are named in `without`, on the
/// graph and the bodies of its loops. Debug builds verify the graph in between.
void run_passes(Graph& graph, std::span<const std::string> without = {},
                Pass::Numbers numbers = Pass::Numbers::kAny);

/// Leaves steps out whose results nobody reads.
void remove_dead_steps(Graph& graph);

/// Leaves steps out that compute what an earlier one did of the same values.
void merge_common_steps(Graph& graph);

/// Makes loops of steps that are the same ones over and over again, such as a training loop.
void roll_loops(Graph& graph);

/// Has elementwise steps over permuted views leave their results in the order of dims in which what
/// they read lies, where who reads them permutes it back: layers with channels last, around
/// convolutions that want them first.
void keep_dim_order(Graph& graph);

/// Joins convolutions with batch norm by known numbers, relu, pooling by 2 x 2 and their gradients,
/// and leaves images that convolutions hand to one another in the layout of the kernels.
void join_convolutions(Graph& graph);

/// Joins tile steps that hand values to one another over the same space into one program, so that
/// these values never leave the cache, and orders the steps anew. What has to hold of other sizes
/// for the joined programs to be right is added to what is assumed.
void fuse_tile_steps(Graph& graph);

/// Writes joined programs anew: folds constants, uses identities that keep every bit (x * 1, --x),
/// orders operands that commute, and computes nothing twice.
void simplify_programs(Graph& graph);

/// Orders the steps so that less memory is in use at a time, where that saves a mebibyte or more:
/// what reads a large buffer for the last time runs as soon as it can.
void order_for_memory(Graph& graph);

/// Makes values again before their late uses instead of keeping them, to the same bits, random
/// numbers included. Where the graph has a memory limit and needs more: those first that free the
/// most bytes for the longest time per cost, products too, until the limit is met or nothing helps
/// any more. Without a limit: what costs next to nothing, a fiftieth of all at most, where that
/// lowers a large peak by a sixteenth or more each time.
void recompute(Graph& graph);
/// Says on stderr where that left more than the limit, unless it did before.
void warn_of_memory(const Graph& graph, bool& warned);

/// Puts small products that don't wait for each other one after the other: a plan runs such
/// neighbours at once.
void bring_products_together(Graph& graph);

/// Marks what is made of weights: casts, the layouts of products' right operands, and filters that
/// a batch norm is folded into.
void keep_weights(Graph& graph);

/// Puts elementwise work on a large product right behind it: a plan runs it on each block of the
/// result while that is in the cache.
void take_in_epilogues(Graph& graph);

/// Marks stretches of small steps that fall into chains which wait for nothing of each other, such
/// as the two directions of a recurrent network: a plan runs each chain whole, on a thread of its
/// own. Steps in between go before or behind.
void fork_chains(Graph& graph);

}  // namespace tenon::graph
