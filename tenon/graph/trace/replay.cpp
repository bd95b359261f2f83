// Records that are the same as when their nodes were followed before, sizes and all: the hot path
// of a trace. Nothing is typed and nothing written down; trace.cpp has what happens otherwise.

#include <algorithm>
#include <utility>

#include "tenon/graph/trace/numbers.h"
#include "tenon/graph/trace/trace.h"

namespace tenon::graph {
namespace {

using Kind = Memo::Operand::Kind;

bool is_draw(const OpDef& op, size_t attribute) {
  return static_cast<int>(attribute) == op.seed_attribute ||
         static_cast<int>(attribute) == op.offset_attribute;
}

/// In what typing looks at. Seeds and offsets of random numbers are numbers of the run.
bool same_attributes(const Call& call, const Memo& memo) {
  for (size_t i = 0; i < memo.attributes.size(); ++i) {
    if (!is_draw(call.op, i) && !(memo.attributes[i] == call.attribute(i))) return false;
  }
  return true;
}

/// Whether a kernel with these attributes makes results like the memo's.
bool gives_same_results(const Call& call, const Memo& memo) {
  if (!call.op.shape_rule) return false;
  const Specs specs = call.op.shape_rule(call);
  if (specs.count != memo.results.size()) return false;
  for (size_t i = 0; i < specs.count; ++i) {
    const Memo::Result& result = memo.results[i];
    if (specs.values[i].dtype != result.dtype || !(specs.values[i].sizes == result.sizes)) {
      return false;
    }
  }
  return true;
}

}  // namespace

/// The memo that says the same of the op and of all tensors; null where there is none. Of the
/// stream it changes nothing.
[[gnu::always_inline]] inline Memo* Trace::expected(const OpDef* op,
                                                    std::span<const Tensor* const> inputs,
                                                    std::span<const Tensor* const> targets) {
  if (guess_ && is_expected(*guess_, op, inputs, targets)) [[likely]] {
    return guess_;
  }
  return expected_other(op, inputs, targets);
}

[[gnu::noinline]] Memo* Trace::expected_other(const OpDef* op,
                                              std::span<const Tensor* const> inputs,
                                              std::span<const Tensor* const> targets) {
  if (!repeats_) return nullptr;
  for (const auto& child : cursor_->children) {
    if (child->record.op != op) continue;
    for (const auto& memo : child->memos) {
      if (memo.get() != guess_ && is_expected(*memo, op, inputs, targets)) return memo.get();
    }
  }
  return nullptr;
}

[[gnu::always_inline]] inline bool Trace::is_expected(const Memo& memo, const OpDef* op,
                                                      std::span<const Tensor* const> inputs,
                                                      std::span<const Tensor* const> targets) {
  if (memo.op != op || memo.previous != chain_ || memo.inputs != inputs.size() ||
      memo.operands.size() != inputs.size() + targets.size()) {
    return false;
  }
  first_.clear();
  const size_t moved = moved_.size();
  bool same = true;
  size_t i = 0;
  for (; i < inputs.size() && same; ++i) same = is_same(*inputs[i], memo, i);
  for (size_t k = 0; k < targets.size() && same; ++k) same = is_same(*targets[k], memo, i + k);
  if (!same) [[unlikely]] {
    moved_.shrink(moved);
  }
  return same;
}

/// Whether the tensor is in the place of the stream, and in the layout, in which it was seen.
/// Equal slots hold equal values, as all writes before were the same.
[[gnu::always_inline]] inline bool Trace::is_same(const Tensor& tensor, const Memo& memo,
                                                  size_t i) {
  const Memo::Operand& seen = memo.operands[i];
  TensorImpl* const impl = tensor.impl();
  if (!impl || seen.stamp == 0) [[unlikely]] {
    if (seen.kind == Kind::kLeftOut || !impl) return !impl && seen.kind == Kind::kLeftOut;
    return is_host_number(*impl) && impl->dtype == seen.dtype;
  }
  if (impl->stamp.load(std::memory_order_relaxed) != seen.stamp && !has_layout(*impl, memo, i)) {
    return false;
  }
  if (seen.kind == Kind::kFirst) return is_first(*impl->storage, seen.bytes);
  const size_t known = slots_.size();
  return (seen.slot < known ? slots_[seen.slot].storage : first_[seen.slot - known]) ==
         impl->storage.get();
}

/// Kept out of the loop over operands, whose stamps nearly always tell.
[[gnu::noinline]] bool Trace::has_layout(TensorImpl& impl, const Memo& memo, size_t i) {
  const Memo::Layout& seen = memo.layouts[i];
  if (impl.numel != seen.numel || impl.dtype != seen.dtype || impl.device.type != kCpu.type ||
      impl.contiguous != seen.contiguous || !(impl.sizes == seen.sizes) ||
      !(seen.contiguous || impl.strides == seen.strides)) {
    return false;
  }
  if (impl.offset != seen.offset) {
    if (!seen.may_move) return false;
    for (const uint32_t place : seen.places) {
      if (place != Memo::kNowhere) moved_.push_back({place, impl.offset});
    }
    return true;
  }
  // The same in all that a stamp stands for, if contiguous sizes of 1 have the same strides.
  if (impl.stamp.load(std::memory_order_relaxed) == 0 && impl.strides == seen.strides) {
    impl.stamp.store(memo.operands[i].stamp, std::memory_order_relaxed);
  }
  return true;
}

/// Whether the stream hasn't touched the storage before this record; notes it down as its.
[[gnu::noinline]] bool Trace::is_first(Storage& storage, size_t bytes) {
  const bool ready = storage.data || (storage.bytes == 0 && !is_pending(storage));
  if (!ready || storage.bytes != bytes || externals_.find(&storage) != Externals::kUnknown) {
    return false;
  }
  for (Storage* const other : std::span<Storage* const>(first_)) {
    if (other == &storage) return false;
  }
  first_.push_back(&storage);
  return true;
}

/// Adds the call's numbers to those of the run. False, having done nothing, where its attributes
/// make another record.
[[gnu::noinline]] bool Trace::take_numbers(const Call& call, const Memo& memo) {
  if (!call.attributes.empty() && !take_attributes(call, memo)) return false;
  if (memo.numbers != 0) {
    for (size_t i = 0; i < memo.inputs; ++i) {
      if (memo.operands[i].kind == Kind::kNumber) {
        numbers_.scalars.push_back(value_of_number(*call.input(i).impl()));
      }
    }
  }
  if (memo.random) add_draw(draw_numbers(call, memo.draws));
  return true;
}

bool Trace::take_attributes(const Call& call, const Memo& memo) {
  if (memo.kernel) {
    if (same_attributes(call, memo)) return true;
    if (!gives_same_results(call, memo)) return false;
    for (size_t i = 0; i < memo.attributes.size(); ++i) {
      if (memo.attributes[i] == call.attribute(i)) continue;
      changed_.emplace_back(memo.attributes_before + static_cast<uint32_t>(i), call.attribute(i));
    }
    return true;
  }
  const size_t count = memo.scalar_count - memo.numbers;
  if (typing_looks_at_attributes(call.op)) {
    if (!same_attributes(call, memo)) return false;
    if (call.op.seed_attribute < 0) {
      std::copy_n(memo.scalars.begin(), count, numbers_.scalars.extend(count));
      return true;
    }
  }
  tile::Scalar64 scalars[kMostScalars];
  if (collect_scalars(call, scalars) != count) return false;
  std::copy_n(scalars, count, numbers_.scalars.extend(count));
  return true;
}

/// A result's body and storage, for a memo that has none from an earlier call. Those of long
/// streams don't go back to their memos, which together outgrow the caches: the next record takes
/// what the last one gave up.
[[gnu::noinline]] TensorImpl* Trace::make_body(Memo& memo, size_t i, uint32_t first_slot) {
  Memo::Result& result = memo.results[i];
  TensorImpl* const impl = TensorImpl::create();
  impl->dtype = result.dtype;
  impl->device = kCpu;
  impl->stamp.store(memo.number + i, std::memory_order_relaxed);
  impl->numel = result.numel;
  impl->sizes = result.sizes;
  impl->strides = result.strides;
  DeferredStorage* const storage =
      DeferredStorage::create(*this, first_slot + static_cast<uint32_t>(i), result.bytes);
  if (pending_ <= kShort) {
    impl->has_keeper = true;
    storage->body = impl;
    storage->home = &result.spare;
  }
  impl->storage = Intrusive<Storage>::adopt(storage);
  return impl;
}

/// Notes down the storages that the record is the first to touch, in the slots that it makes.
[[gnu::noinline]] void Trace::take_externals(const Memo& memo, Slot* slots) {
  const auto known = static_cast<uint32_t>(slots - slots_.data());
  for (uint32_t i = 0; i < memo.from_outside; ++i) {
    Storage* const storage = first_[i];
    storage->references.add();
    add_external(storage, known + i);
    slots[i] = memo.slots[i];
    slots[i].storage = storage;
  }
}

/// As `go_to`, with a memo that was there.
[[gnu::always_inline]] inline void Trace::go_on(Memo& memo) {
  values_ = memo.values;
  memo.used = segments_.counters.flushes.value();
  go_to(memo);
  flush_where_due();
}

/// Goes on to the memo, and makes its results.
[[gnu::always_inline]] inline void Trace::follow_memo(Memo& memo, std::span<Tensor> results) {
  Slot* room = slots_.extend(memo.slots.size());
  const Slot* made = memo.slots.data();
  if (memo.from_outside != 0) [[unlikely]] {
    take_externals(memo, room);
    room += memo.from_outside;
    made += memo.from_outside;
  }
  const bool inference = modes_->inference;
  for (size_t i = 0; i < results.size(); ++i) {
    TensorImpl* impl = std::exchange(memo.results[i].spare, nullptr);
    if (!impl) [[unlikely]] {
      impl = make_body(memo, i, static_cast<uint32_t>(room - slots_.data()));
    }
    impl->inference = inference;
    room[i] = made[i];
    room[i].storage = impl->storage.get();
    results[i] = Tensor(Intrusive<TensorImpl>::adopt(impl));
  }
  for (const auto& [slot, value] : memo.written) slots_[slot].value = value;
  go_on(memo);
}

/// The frequent kind, with little to look at.
bool Trace::repeat(const Call& call, std::span<Tensor> outputs) {
  Memo* const memo = guess_;
  if (!memo || memo->op != &call.op || memo->previous != chain_ || !memo->plain ||
      memo->inputs != call.inputs.size()) [[unlikely]] {
    return repeat_any(call, outputs);
  }
  const Memo::Operand* seen = memo->operands.data();
  const Slot* const slots = slots_.data();
  for (const Tensor* input : call.inputs) {
    const TensorImpl* const impl = input->impl();
    if (!impl || impl->stamp.load(std::memory_order_relaxed) != seen->stamp ||
        slots[seen->slot].storage != impl->storage.get()) [[unlikely]] {
      return repeat_any(call, outputs);
    }
    ++seen;
  }
  Slot* const room = slots_.extend(1);
  TensorImpl* impl = std::exchange(memo->results[0].spare, nullptr);
  if (!impl) [[unlikely]] {
    impl = make_body(*memo, 0, static_cast<uint32_t>(slots_.size() - 1));
  }
  impl->inference = modes_->inference;
  *room = memo->slots[0];
  room->storage = impl->storage.get();
  outputs[0] = Tensor(Intrusive<TensorImpl>::adopt(impl));
  go_on(*memo);
  return true;
}

[[gnu::noinline]] bool Trace::repeat_any(const Call& call, std::span<Tensor> outputs) {
  const size_t moved = moved_.size();
  Memo* const memo = expected(&call.op, call.inputs, {});
  if (!memo) return false;
  if (memo->has_numbers && !take_numbers(call, *memo)) {
    moved_.shrink(moved);
    return false;
  }
  follow_memo(*memo, outputs);
  return true;
}

bool Trace::repeat_into(const Call& call, const Tensor& self) {
  const Tensor* const target = &self;
  const size_t moved = moved_.size();
  Memo* const memo = expected(&call.op, call.inputs, {&target, 1});
  if (!memo) return false;
  if (memo->has_numbers && !take_numbers(call, *memo)) {
    moved_.shrink(moved);
    return false;
  }
  follow_memo(*memo, {});
  return true;
}

bool Trace::repeat_update(const Update& update) {
  const size_t moved = moved_.size();
  Memo* const memo = expected(nullptr, update.inputs, update.outputs);
  if (!memo) return false;
  if (memo->program_hash != update.program.hash() || memo->computed != update.computed ||
      memo->scalar_count != update.scalars.size()) {
    moved_.shrink(moved);
    return false;
  }
  std::copy(update.scalars.begin(), update.scalars.end(),
            numbers_.scalars.extend(update.scalars.size()));
  follow_memo(*memo, {});
  return true;
}

/// Writes the dims and attributes of the records so far, which are in their memos, for others to
/// follow.
void Trace::write_numbers() {
  if (!std::exchange(repeats_, false) || pending_ == 0) return;
  std::vector<const Memo*> path;
  for (const Memo* memo = last_; path.size() < static_cast<size_t>(pending_); memo = memo->parent) {
    path.push_back(memo);
  }
  for (size_t i = path.size(); i-- > 0;) {
    const Memo& memo = *path[i];
    std::copy(memo.dims.begin(), memo.dims.end(), numbers_.dims.extend(memo.dims.size()));
    if (!memo.kernel) continue;
    numbers_.attributes.insert(numbers_.attributes.end(), memo.attributes.begin(),
                               memo.attributes.end());
  }
  for (const MovedNumber& moved : std::span<const MovedNumber>(moved_)) {
    numbers_.dims[moved.place] = moved.value;
  }
  for (auto& [place, value] : changed_) numbers_.attributes[place] = std::move(value);
  has_name_ = changed_.empty();
  changed_.clear();
}

}  // namespace tenon::graph
