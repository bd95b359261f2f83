#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "tenon/base/small_array.h"
#include "tenon/core/tensor_impl.h"
#include "tenon/graph/ir/record.h"

namespace tenon::graph {

struct Node;

/// What a record was when its node was followed, beyond what all calls of the node have in common:
/// sizes, strides, attributes. A call that is the same in these, too, makes the same record again,
/// which needs no typing and no writing down.
///
/// That holds where the stream before it was the same in these respects as well: a memo is numbered
/// and knows the number of the one before it. The stamps of its results count on from its number.
/// What isn't read by calls that are the same as before lies last.
struct Memo {
  static constexpr uint32_t kNowhere = ~uint32_t{0};

  /// A tensor that the call read or wrote in place.
  struct Operand {
    enum class Kind : uint8_t {
      kKnown,    ///< of a slot that the stream had before
      kFirst,    ///< of a storage that the record was the first to touch
      kNumber,   ///< a host number in place of a tensor
      kLeftOut,  ///< an argument that wasn't given
    };
    uint64_t stamp = 0;  ///< a body that has it needs no comparison
    uint32_t slot = 0;
    Kind kind = Kind::kLeftOut;
    DType dtype = kFloat32;  ///< of kNumber
    size_t bytes = 0;        ///< of the storage
  };
  /// How such a tensor reads its storage.
  struct Layout {
    bool contiguous = true;
    /// Calls with another offset are the same but for this number. `places`: where it is among the
    /// dims, as the operand's and as the slot's.
    bool may_move = false;
    int64_t numel = 0;
    int64_t offset = 0;
    DType dtype = kFloat32;
    uint32_t places[2] = {kNowhere, kNowhere};
    Shape sizes, strides;
  };
  /// A tensor that the call made.
  struct Result {
    TensorImpl* spare = nullptr;  ///< a body and its storage that nobody holds any more; owned
    DType dtype = kFloat32;
    int64_t numel = 0;
    size_t bytes = 0;
    Shape sizes, strides;
  };

  Memo() = default;
  Memo(const Memo&) = delete;
  ~Memo() { drop_spares(); }
  /// Frees the bodies of results that are kept for the next call.
  void drop_spares();

  const OpDef* op = nullptr;  ///< null: an update
  uint64_t number = 0;        ///< 0: there is none
  uint64_t previous = 0;      ///< number of the memo before it; at the root, where numbers began
  Memo* next = nullptr;       ///< that was followed after it last
  Memo* parent = nullptr;     ///< the one before it, as long as that has the number `previous`
  Node* node = nullptr;
  uint32_t inputs = 0;        ///< how many of the operands; the others were written in place
  uint32_t from_outside = 0;  ///< how many of the new slots; the others are the results'
  uint32_t numbers = 0;       ///< how many of the operands are host numbers
  bool has_numbers = false;   ///< the call has numbers of any kind for the run
  bool ends = false;          ///< as its node
  bool plain = false;         ///< it has none, all operands are kKnown, and it made one result
  uint32_t scalar_count = 0;
  SmallArray<Operand, 3> operands;
  SmallArray<Slot, 2> slots;  ///< new ones
  uint32_t values = 0;        ///< in the stream up to and with it
  int64_t used = 0;           ///< number of the flush before it was followed last
  uint32_t attributes_before = 0;
  uint64_t draws = 0;         ///< how many random numbers, of a `random` one
  uint64_t program_hash = 0;  ///< of updates
  DType computed = kFloat32;  ///< of updates
  bool kernel = false;
  bool random = false;
  std::vector<std::pair<uint32_t, uint32_t>> written;  ///< slots written in place, their values
  std::vector<Attribute> attributes;                   ///< where typing looks at them
  std::vector<tile::Scalar64> scalars;                 ///< which also makes them these
  SmallArray<Result, 1> results;
  std::vector<Layout> layouts;  ///< of the operands
  std::vector<int64_t> dims;    ///< what it added to the dims vector
};

/// Asks the caches for bytes that will be read. Not a function that isn't inlined at once: GCC 12
/// takes one that only prefetches for one that does nothing.
[[gnu::always_inline]] inline void prefetch(const void* begin, size_t bytes) {
  constexpr size_t kLine = 64;
  for (size_t at = 0; at < bytes; at += kLine) {
    __builtin_prefetch(static_cast<const char*>(begin) + at);
  }
}

/// Prefetches the memo of the call after the next one, which `memo` is expected of: those of long
/// streams outgrow the caches, and are known in advance.
[[gnu::always_inline]] inline void fetch_ahead(const Memo& memo) {
  if (memo.next) prefetch(memo.next, offsetof(Memo, layouts));
}

/// Whether sizes and dtypes of the op's results may depend on its attributes, or its program may.
inline bool typing_looks_at_attributes(const OpDef& op) {
  return op.kind != OpKind::kTile || op.shape_rule || op.variant_rule || op.row_dims;
}

}  // namespace tenon::graph
