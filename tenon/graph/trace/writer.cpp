#include "tenon/graph/trace/writer.h"

#include <atomic>

namespace tenon::graph {
namespace {

using Kind = Memo::Operand::Kind;

/// Numbers that nothing has been stamped with.
uint64_t new_stamps(uint64_t count) {
  static constinit std::atomic<uint64_t> next{1};
  return next.fetch_add(count, std::memory_order_relaxed);
}

/// The stamp of the body, which gets one where it has none.
uint64_t stamp_of(TensorImpl& impl) {
  const uint64_t stamp = impl.stamp.load(std::memory_order_relaxed);
  if (stamp != 0) return stamp;
  uint64_t expected = 0;  // another thread may be quicker
  const uint64_t made = new_stamps(1);
  return impl.stamp.compare_exchange_strong(expected, made, std::memory_order_relaxed) ? made
                                                                                       : expected;
}

}  // namespace

/// An operand as calls are compared with it, `first` where the record made its slot.
void Trace::Writer::remember_operand(Memo& memo, const Tensor& tensor, size_t i, bool first) const {
  const Operand& operand = trace_.operands_[i];
  Memo::Operand& seen = memo.operands[i];
  Memo::Layout& layout = memo.layouts[i];
  seen = {};
  layout = {};
  if (!tensor.defined()) return;
  TensorImpl& impl = *tensor.impl();
  if (i < inputs_ && i < 64 && numbers_mask_ >> i & 1) {
    seen.kind = Kind::kNumber;
    seen.dtype = impl.dtype;
    ++memo.numbers;
    return;
  }
  seen = {stamp_of(impl), operand.slot, first ? Kind::kFirst : Kind::kKnown, impl.dtype,
          impl.storage->bytes};
  layout.contiguous = impl.contiguous;
  layout.numel = impl.numel;
  layout.offset = impl.offset;
  layout.dtype = impl.dtype;
  layout.sizes = impl.sizes;
  layout.strides = impl.strides;
  // Writes into what the record reads elsewhere are checked when it is typed.
  bool shared = false;
  for (size_t k = 0; k < inputs_ + outputs_; ++k) {
    shared |=
        k != i && trace_.operands_[k].value != kNoValue && trace_.operands_[k].slot == operand.slot;
  }
  layout.may_move = impl.numel > 0 && !operand.natural && !shared;
  if (!layout.may_move) return;
  layout.places[0] = operand.dims + 2u * operand.rank;
  if (first && !is_seen_through_base(impl)) {
    const Slot& slot = trace_.slots_[operand.slot];
    layout.places[1] = slot.dims + 2u * slot.rank;
  }
}

void Trace::Writer::remember_tensors(Memo& memo, const Taken& taken) const {
  const size_t count = taken.inputs.size() + taken.targets.size();
  memo.operands.forget();
  memo.operands.allocate(count);
  memo.layouts.resize(count);
  memo.numbers = 0;
  memo.written.clear();
  size_t new_slots = slots_before_, i = 0;
  for (const auto& tensors : {taken.inputs, taken.targets}) {
    for (const Tensor* tensor : tensors) {
      const Operand& operand = trace_.operands_[i];
      const bool first = operand.value != kNoValue && operand.slot == new_slots;
      new_slots += first;
      remember_operand(memo, *tensor, i++, first);
      if (i > inputs_) memo.written.emplace_back(operand.slot, operand.value);
    }
  }
  memo.from_outside = static_cast<uint32_t>(new_slots - slots_before_);
  memo.drop_spares();
  memo.results.clear();
  memo.results.allocate(taken.results.size());
  for (size_t r = 0; r < taken.results.size(); ++r) {
    TensorImpl& impl = *taken.results[r].impl();
    impl.stamp.store(memo.number + r, std::memory_order_relaxed);
    memo.results[r] = {nullptr,    impl.dtype,  impl.numel, impl.storage->bytes,
                       impl.sizes, impl.strides};
  }
}

void Trace::Writer::remember(Memo& memo, const Taken& taken) const {
  memo.op = head_.op;
  memo.number = new_stamps(1 + taken.results.size());
  memo.previous = trace_.chain_;
  memo.parent = trace_.last_;
  memo.next = nullptr;
  memo.used = trace_.segments_.counters.flushes.value();
  memo.inputs = static_cast<uint32_t>(inputs_);
  memo.random = head_.random;
  memo.draws = head_.random ? elements() : 0;
  memo.kernel = head_.kind == Record::Kind::kKernel;
  memo.program_hash = program_ ? program_->hash() : 0;
  memo.computed = head_.computed;
  memo.scalar_count = head_.scalar_count;
  memo.attributes_before = head_.attributes;
  memo.attributes.clear();
  if (taken.call && typing_looks_at_attributes(taken.call->op)) {
    memo.attributes.assign(taken.call->attributes.begin(), taken.call->attributes.end());
  }
  const std::span<const tile::Scalar64> scalars = numbers_.scalars;
  const auto own = scalars.subspan(head_.scalars, head_.scalar_count);
  memo.scalars.assign(own.begin(), own.end());
  remember_tensors(memo, taken);
  memo.has_numbers =
      memo.numbers != 0 || memo.random || (taken.call && !taken.call->attributes.empty());
  memo.plain = !memo.has_numbers && memo.written.empty() && memo.results.size() == 1 &&
               std::all_of(memo.operands.begin(), memo.operands.end(),
                           [](const auto& seen) { return seen.kind == Kind::kKnown; }) &&
               memo.from_outside == 0;
  memo.slots.forget();
  memo.slots.allocate(trace_.slots_.size() - slots_before_);
  for (size_t i = 0; i < memo.slots.size(); ++i) {
    memo.slots[i] = trace_.slots_[slots_before_ + i];
    memo.slots[i].storage = nullptr;
  }
  const std::span<const int64_t> dims = numbers_.dims;
  memo.dims.assign(dims.begin() + static_cast<ptrdiff_t>(dims_before_), dims.end());
  memo.values = trace_.values_;
}

}  // namespace tenon::graph
