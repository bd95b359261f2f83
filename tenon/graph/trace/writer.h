#pragma once

#include <algorithm>

#include "tenon/graph/trace/numbers.h"
#include "tenon/graph/trace/trace.h"

namespace tenon::graph {

/// The most dims that records describe.
inline constexpr size_t kMostDims = 16;

/// Writes how `impl` reads its storage, as operands say it; where to.
inline uint32_t append_layout(Numbers& numbers, const TensorImpl& impl) {
  const auto place = static_cast<uint32_t>(numbers.dims.size());
  const size_t rank = impl.sizes.size();
  int64_t* const room = numbers.dims.extend(2 * rank + 1);
  for (size_t i = 0; i < rank; ++i) {
    room[i] = impl.sizes[i];
    room[rank + i] = impl.strides[i];
  }
  room[2 * rank] = impl.offset;
  return place;
}

/// Whether the storage behind a view that is seen first has the sizes of what it is a view of:
/// seldom is the view all there is.
inline bool is_seen_through_base(const TensorImpl& impl) {
  const TensorImpl* const base = impl.base.get();
  return base && base->dtype == impl.dtype && base->sizes.size() <= kMostDims;
}

/// Writes one record down: in words, which decide what it is equal to; as operands; and its
/// numbers, into the trace's side vectors. A `Record` is made only of those that are new.
///
/// Two records with equal words after equal ones have their numbers in the same places: whatever
/// decides where numbers go (slots that are new, operands that are natural, the way in which the
/// call came) shows in the words.
class Trace::Writer {
 public:
  Writer(Trace& trace, Record::Kind kind, const OpDef* op, size_t inputs, size_t outputs)
      : trace_(trace), numbers_(trace.numbers_), inputs_(inputs), outputs_(outputs) {
    trace.write_numbers();
    dims_before_ = numbers_.dims.size();
    slots_before_ = trace.slots_.size();
    head_.kind = kind;
    head_.op = op;
    head_.scalars = static_cast<uint32_t>(numbers_.scalars.size());
    head_.attributes = static_cast<uint32_t>(numbers_.attributes.size());
    trace.words_.clear();
    word_ = trace.words_.extend(kHeadWords + inputs + outputs) + kHeadWords;
    trace.operands_.clear();
    operand_ = trace.operands_.extend(inputs + outputs);
  }

  void run_program(const tile::Program& program, DType computed, const Shape& space,
                   uint64_t row_mask) {
    program_ = &program;
    head_.computed = computed;
    head_.row_mask = row_mask;
    head_.space_rank = static_cast<uint8_t>(space.size());
    head_.space = static_cast<uint32_t>(numbers_.dims.size());
    space_ = &space;
    int64_t* const sizes = numbers_.dims.extend(space.size());
    for (size_t i = 0; i < space.size(); ++i) sizes[i] = space[i];
  }

  /// Inputs that are host numbers: the program reads them as scalars.
  void take_as_numbers(uint64_t mask) { numbers_mask_ = mask; }

  void read(const Tensor& tensor, bool lacks_rows) {
    const size_t number = static_cast<size_t>(operand_ - trace_.operands_.data());
    if (!tensor.defined() || (number < 64 && numbers_mask_ >> number & 1)) {
      *operand_++ = {};
      *word_++ = kNoValue;
      return;
    }
    const TensorImpl& impl = *tensor.impl();
    add_input(impl, space_ ? broadcast_of(impl, lacks_rows) : uint16_t{0});
  }

  /// A value that `tensor`, all of its slot or a view of it, holds from now on.
  void write(const Tensor& tensor, bool lacks_rows) {
    const TensorImpl& impl = *tensor.impl();
    Operand& target = *operand_++;
    describe(impl, space_ ? broadcast_of(impl, lacks_rows) : uint16_t{0}, target);
    target.value = trace_.values_++;
    trace_.slots_[target.slot].value = target.value;
    // Values of writes count on by themselves; where they go doesn't.
    add_word(target.slot, target);
  }
  /// Of the space.
  uint64_t elements() const {
    uint64_t count = 1;
    for (const int64_t size : *space_) count *= static_cast<uint64_t>(size);
    return count;
  }

  /// Those of the attributes, then the host numbers.
  void add_scalars(const Call& call) {
    tile::Scalar64 scalars[kMostScalars];
    add_scalars({scalars, collect_scalars(call, scalars)});
    for (uint64_t left = numbers_mask_; left != 0; left &= left - 1) {
      const auto input = static_cast<size_t>(__builtin_ctzll(left));
      numbers_.scalars.push_back(value_of_number(*call.input(input).impl()));
      ++head_.scalar_count;
    }
  }
  void add_scalars(std::span<const tile::Scalar64> scalars) {
    head_.scalar_count = static_cast<uint32_t>(scalars.size());
    std::copy(scalars.begin(), scalars.end(), numbers_.scalars.extend(scalars.size()));
  }
  void add_draw(Draw draw) {
    head_.random = true;
    trace_.add_draw(draw);
  }
  void add_attributes(std::span<const Attribute> attributes) {
    head_.attribute_count = static_cast<uint32_t>(attributes.size());
    numbers_.attributes.insert(numbers_.attributes.end(), attributes.begin(), attributes.end());
  }

  /// What the record is equal to, once all has been written.
  std::span<const uint64_t> words() {
    uint64_t* const words = trace_.words_.data();
    words[0] = reinterpret_cast<uintptr_t>(head_.op);
    words[1] = program_ ? program_->hash() : head_.attribute_count;
    words[2] = static_cast<uint64_t>(head_.computed) | uint64_t{head_.space_rank} << 8 |
               uint64_t{head_.random} << 16 | static_cast<uint64_t>(head_.kind) << 17 |
               uint64_t{outputs_} << 24 | uint64_t{head_.scalar_count} << 32;
    words[3] = head_.row_mask;
    return trace_.words_;
  }
  Record record() const {
    const std::span<const Operand> operands = trace_.operands_;
    return {head_,
            program_ ? *program_ : tile::Program(),
            {operands.begin(), operands.begin() + static_cast<ptrdiff_t>(inputs_)},
            {operands.begin() + static_cast<ptrdiff_t>(inputs_), operands.end()}};
  }

  /// Notes down what was written, once the record was followed, before the trace goes there.
  void remember(Memo& memo, const Taken& taken) const;

 private:
  static constexpr size_t kHeadWords = 4;

  void remember_tensors(Memo& memo, const Taken& taken) const;
  void remember_operand(Memo& memo, const Tensor& tensor, size_t i, bool first) const;

  void add_word(uint32_t name, const Operand& operand) {
    static_assert(kMostDims < 32 && kDTypeCount <= 16);
    *word_++ = name | static_cast<uint64_t>(operand.dtype) << 32 |
               static_cast<uint64_t>(operand.rank) << 36 | uint64_t{base_rank_} << 41 |
               static_cast<uint64_t>(operand.natural) << 47 |
               static_cast<uint64_t>(operand.broadcast) << 48;
  }

  void add_input(const TensorImpl& impl, uint16_t broadcast) {
    Operand& operand = *operand_++;
    describe(impl, broadcast, operand);
    add_word(operand.value, operand);
  }

  void describe(const TensorImpl& impl, uint16_t broadcast, Operand& operand) {
    const size_t slots = trace_.slots_.size();
    operand.slot = trace_.slot_of(impl);
    const Slot& slot = trace_.slots_[operand.slot];
    base_rank_ = trace_.slots_.size() > slots ? slot.rank : uint8_t{0};
    operand.value = slot.value;
    operand.dtype = impl.dtype;
    operand.rank = static_cast<uint8_t>(impl.sizes.size());
    operand.natural = trace_.is_natural(impl, slot);
    operand.broadcast = broadcast;
    operand.dims = operand.natural ? slot.dims : append_layout(numbers_, impl);
  }

  uint16_t broadcast_of(const TensorImpl& impl, bool lacks_rows) const {
    const Shape& space = *space_;
    size_t left = impl.sizes.size();
    unsigned mask = 0;
    for (size_t i = space.size(); i-- > 0;) {
      const bool absent = lacks_rows && (head_.row_mask >> i & 1);
      const int64_t size = absent || left == 0 ? 1 : impl.sizes[--left];
      if (size == 1 && space[i] != 1) mask |= 1u << i;
    }
    return static_cast<uint16_t>(mask);
  }

  Trace& trace_;
  Numbers& numbers_;
  RecordHead head_;
  const tile::Program* program_ = nullptr;
  const Shape* space_ = nullptr;
  uint64_t numbers_mask_ = 0;
  size_t inputs_, outputs_;
  size_t dims_before_, slots_before_;  ///< how many the stream had
  uint8_t base_rank_ = 0;              ///< dims of the slot that the operand made, if it did
  uint64_t* word_;
  Operand* operand_;
};

}  // namespace tenon::graph
