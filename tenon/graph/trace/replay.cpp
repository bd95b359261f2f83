// Records that are the same as when their nodes were followed last, sizes and all: the hot path of
// a trace. Nothing is typed and nothing written down; trace.cpp has what happens otherwise.

#include <algorithm>
#include <utility>

#include "tenon/graph/trace/trace.h"

namespace tenon::graph {
namespace {

/// Kept out of the loop over operands, whose stamps nearly always tell.
[[gnu::noinline]] bool has_layout(const TensorImpl& impl, const Memo::Operand& seen) {
  return impl.numel == seen.numel && impl.offset == seen.offset && impl.dtype == seen.dtype &&
         impl.device.type == kCpu.type && impl.contiguous == seen.contiguous &&
         impl.sizes == seen.sizes && (seen.contiguous || impl.strides == seen.strides);
}

/// In what typing looks at. Seeds and offsets of random numbers are numbers of the run.
bool same_attributes(const Call& call, const Memo& memo) {
  for (size_t i = 0; i < memo.attributes.size(); ++i) {
    if (static_cast<int>(i) == call.op.seed_attribute ||
        static_cast<int>(i) == call.op.offset_attribute) {
      continue;
    }
    if (!(memo.attributes[i] == call.attribute(i))) return false;
  }
  return true;
}

}  // namespace

/// The node whose memo says the same of the op and of all tensors; null where there is none. Of the
/// stream it changes nothing.
inline Segments::Node* Trace::expected(const OpDef* op, std::span<const Tensor* const> inputs,
                                       std::span<const Tensor* const> targets) {
  Segments::Node* const likely = cursor_->likely;
  if (likely && is_expected(*likely, op, inputs, targets)) [[likely]] {
    return likely;
  }
  return expected_other(op, inputs, targets);
}

Segments::Node* Trace::expected_other(const OpDef* op, std::span<const Tensor* const> inputs,
                                      std::span<const Tensor* const> targets) {
  for (const auto& child : cursor_->children) {
    if (child.get() == cursor_->likely || !is_expected(*child, op, inputs, targets)) continue;
    return cursor_->likely = child.get();
  }
  return nullptr;
}

inline bool Trace::is_expected(const Segments::Node& node, const OpDef* op,
                               std::span<const Tensor* const> inputs,
                               std::span<const Tensor* const> targets) {
  const Memo& memo = node.memo;
  if (node.record.op != op || memo.previous != chain_ || memo.inputs != inputs.size() ||
      memo.operands.size() != inputs.size() + targets.size()) {
    return false;
  }
  first_.clear();
  const Memo::Operand* seen = memo.operands.data();
  for (const Tensor* input : inputs) {
    if (!is_same(*input, *seen++)) return false;
  }
  for (const Tensor* target : targets) {
    if (!is_same(*target, *seen++)) return false;
  }
  return true;
}

/// Whether the tensor is in the place of the stream, and in the layout, in which it was seen.
/// Equal slots hold equal values, as all writes before were the same.
inline bool Trace::is_same(const Tensor& tensor, const Memo::Operand& seen) {
  const TensorImpl* const impl = tensor.impl();
  if (!impl || seen.slot == Memo::kNoSlot) return !impl && seen.slot == Memo::kNoSlot;
  if (impl->stamp.load(std::memory_order_relaxed) != seen.stamp && !has_layout(*impl, seen)) {
    return false;
  }
  if (seen.first) return is_first(*impl->storage, seen);
  const size_t known = slots_.size();
  return (seen.slot < known ? slots_[seen.slot].storage : first_[seen.slot - known]) ==
         impl->storage.get();
}

/// Whether the stream hasn't touched the storage before this record; notes it down as its.
bool Trace::is_first(Storage& storage, const Memo::Operand& seen) {
  const std::span<Storage* const> first = first_;
  const bool ready = storage.data || (storage.bytes == 0 && !is_pending(storage));
  if (!ready || storage.bytes != seen.bytes || externals_.find(&storage) != Externals::kUnknown ||
      std::find(first.begin(), first.end(), &storage) != first.end()) {
    return false;
  }
  first_.push_back(&storage);
  return true;
}

/// Adds the call's numbers to those of the run. False, having done nothing, where its attributes
/// make another record.
bool Trace::take_attributes(const Call& call, const Segments::Node& node) {
  if (!same_attributes(call, node.memo)) return false;
  if (call.op.kind != OpKind::kTile) {
    numbers_.attributes.insert(numbers_.attributes.end(), call.attributes.begin(),
                               call.attributes.end());
    return true;
  }
  if (typing_looks_at_attributes(call.op) && call.op.seed_attribute < 0) {
    const std::vector<tile::Scalar64>& same = node.memo.scalars;
    std::copy(same.begin(), same.end(), numbers_.scalars.extend(same.size()));
    if (call.op.uses_generator) add_draw(draw_numbers(call, node.memo.draws));
    return true;
  }
  tile::Scalar64 scalars[kMostScalars];
  const size_t count = collect_scalars(call, scalars);
  if (count != node.record.scalar_count) return false;
  std::copy_n(scalars, count, numbers_.scalars.extend(count));
  if (draws_numbers(call.op)) add_draw(draw_numbers(call, node.memo.draws));
  return true;
}

inline void Trace::make_results(const Memo& memo, std::span<Tensor> results) {
  auto slot = static_cast<uint32_t>(slots_.size() + first_.size());
  uint64_t stamp = memo.number;
  const bool inference = modes().inference;
  Storage** const storages = first_.extend(results.size());
  const Memo::Result* result = memo.results.data();
  for (size_t i = 0; i < results.size(); ++i, ++result) {
    TensorImpl* const impl = TensorImpl::create();
    results[i] = Tensor(Intrusive<TensorImpl>::adopt(impl));
    impl->dtype = result->dtype;
    impl->device = kCpu;
    impl->inference = inference;
    impl->stamp.store(stamp++, std::memory_order_relaxed);
    impl->numel = result->numel;
    impl->sizes = result->sizes;
    impl->strides = result->strides;
    storages[i] = DeferredStorage::create(*this, slot++, result->bytes);
    impl->storage = Intrusive<Storage>::adopt(storages[i]);
  }
}

/// Goes on to the node: `first_` are the storages of its new slots.
inline void Trace::follow_memo(Segments::Node& node) {
  const Memo& memo = node.memo;
  const size_t known = slots_.size(), added = memo.slots.size();
  Slot* const room = slots_.extend(added);
  const Slot* const made = memo.slots.data();
  Storage* const* const storages = first_.data();
  for (size_t i = 0; i < added; ++i) {
    room[i] = made[i];
    room[i].storage = storages[i];
    if ((known + i) % 64 == 0) live_.push_back(0);
    live_.back() |= uint64_t{1} << (known + i) % 64;
  }
  for (size_t i = 0; i < memo.from_outside; ++i) {
    first_[i]->references.add();
    externals_.add(first_[i], static_cast<uint32_t>(known + i));
  }
  for (const auto& [slot, value] : memo.written) slots_[slot].value = value;
  values_ = memo.values;
  chain_ = memo.number;
  cursor_ = &node;
  if (++pending_ >= most_pending_ || node.ends) flush();
}

bool Trace::repeat(const Call& call, std::span<Tensor> outputs) {
  Segments::Node* const node = expected(&call.op, call.inputs, {});
  if (!node) return false;
  if (!call.attributes.empty() && !take_attributes(call, *node)) return false;
  make_results(node->memo, outputs);
  follow_memo(*node);
  return true;
}

bool Trace::repeat_into(const Call& call, const Tensor& self) {
  const Tensor* const target = &self;
  Segments::Node* const node = expected(&call.op, call.inputs, {&target, 1});
  if (!node) return false;
  if (!call.attributes.empty() && !take_attributes(call, *node)) return false;
  follow_memo(*node);
  return true;
}

bool Trace::repeat_update(const Update& update) {
  Segments::Node* const node = expected(nullptr, update.inputs, update.outputs);
  if (!node || node->record.program.hash() != update.program.hash() ||
      node->record.computed != update.computed ||
      node->record.scalar_count != update.scalars.size()) {
    return false;
  }
  std::copy(update.scalars.begin(), update.scalars.end(),
            numbers_.scalars.extend(update.scalars.size()));
  follow_memo(*node);
  return true;
}

/// Writes the dims of the records so far, which are in their memos, for others to follow.
void Trace::write_dims() {
  if (!std::exchange(repeats_, false)) return;
  size_t count = 0;
  for (const Segments::Node* at = cursor_; at->parent; at = at->parent) {
    count += at->memo.dims.size();
  }
  int64_t* end = numbers_.dims.extend(count) + count;
  for (const Segments::Node* at = cursor_; at->parent; at = at->parent) {
    end = std::copy_backward(at->memo.dims.begin(), at->memo.dims.end(), end);
  }
}

}  // namespace tenon::graph
