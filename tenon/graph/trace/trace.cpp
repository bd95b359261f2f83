#include "tenon/graph/trace/trace.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "tenon/core/generator.h"
#include "tenon/graph/passes/passes.h"
#include "tenon/graph/trace/loops.h"

namespace tenon::graph {
namespace {

constexpr size_t kMostDims = 16;
constexpr int64_t kMostElements = int64_t{1} << 44;

thread_local constinit Trace* current = nullptr;

/// Results larger than any memory are left to the eager path, whose error names the op.
bool fit_in_memory(const Specs& results) {
  for (size_t i = 0; i < results.count; ++i) {
    if (count_elements("compile", results.values[i].sizes) > kMostElements) return false;
  }
  return true;
}

/// Writes how `impl` reads its storage, as operands say it; where to.
uint32_t append_layout(Numbers& numbers, const TensorImpl& impl) {
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

Memo::Operand seen(const Tensor& tensor, uint32_t slot, bool first) {
  if (!tensor.defined()) return {};
  TensorImpl& impl = *tensor.impl();
  return {stamp_of(impl), slot,        first,       impl.contiguous,
          impl.dtype,     impl.numel,  impl.offset, impl.storage->bytes,
          impl.sizes,     impl.strides};
}

}  // namespace

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
    trace.write_dims();
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

  void read(const Tensor& tensor, bool lacks_rows) {
    if (!tensor.defined()) {
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

  void add_scalars(const Call& call) {
    tile::Scalar64 scalars[kMostScalars];
    add_scalars({scalars, collect_scalars(call, scalars)});
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

  /// Notes down what was written, once the record was followed.
  void remember(Memo& memo, const Taken& taken) const {
    memo.number = new_stamps(1 + taken.results.size());
    memo.previous = std::exchange(trace_.chain_, memo.number);
    memo.inputs = inputs_;
    memo.draws = head_.random ? elements() : 0;
    memo.attributes.clear();
    if (taken.call && typing_looks_at_attributes(taken.call->op)) {
      memo.attributes.assign(taken.call->attributes.begin(), taken.call->attributes.end());
    }
    const std::span<const tile::Scalar64> scalars = numbers_.scalars;
    const auto own = scalars.subspan(head_.scalars, head_.scalar_count);
    memo.scalars.assign(own.begin(), own.end());
    memo.operands.clear();
    memo.written.clear();
    size_t new_slots = slots_before_;
    for (const auto& tensors : {taken.inputs, taken.targets}) {
      for (const Tensor* tensor : tensors) {
        const Operand& operand = trace_.operands_[memo.operands.size()];
        const bool first = tensor->defined() && operand.slot == new_slots;
        new_slots += first;
        memo.operands.push_back(seen(*tensor, operand.slot, first));
        if (memo.operands.size() > inputs_) memo.written.emplace_back(operand.slot, operand.value);
      }
    }
    memo.from_outside = new_slots - slots_before_;
    memo.results.clear();
    for (const Tensor& result : taken.results) {
      TensorImpl& impl = *result.impl();
      impl.stamp.store(memo.number + memo.results.size(), std::memory_order_relaxed);
      memo.results.push_back(
          {impl.dtype, impl.numel, impl.storage->bytes, impl.sizes, impl.strides});
    }
    const std::span<const Slot> slots = trace_.slots_;
    memo.slots.assign(slots.begin() + static_cast<ptrdiff_t>(slots_before_), slots.end());
    for (Slot& slot : memo.slots) slot.storage = nullptr;
    const std::span<const int64_t> dims = numbers_.dims;
    memo.dims.assign(dims.begin() + static_cast<ptrdiff_t>(dims_before_), dims.end());
    memo.values = trace_.values_;
  }

 private:
  static constexpr size_t kHeadWords = 4;

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
  size_t inputs_, outputs_;
  size_t dims_before_, slots_before_;  ///< how many the stream had
  uint8_t base_rank_ = 0;              ///< dims of the slot that the operand made, if it did
  uint64_t* word_;
  Operand* operand_;
};

Trace::Trace(Segments& segments)
    : segments_(segments), deferred_owner_(deferred_storage_owner()), cursor_(&segments.root()) {}

Trace::~Trace() = default;

void Trace::begin(bool whole) {
  is_new_ = false;
  most_pending_ = whole ? std::numeric_limits<int64_t>::max() : kMostPending;
  flushes_ = 0;
  const Generator& generator = default_generator();
  first_draw_ = {generator.seed(), generator.offset()};
  current = this;
  modes().deferrer = this;
  memory_watch() = this;
}

void Trace::end() noexcept {
  try {
    flush();
  } catch (...) {
    // Of any type, as kernels may be a user's. The error that is on its way out already is the one
    // that helps.
  }
  current = nullptr;
  modes().deferrer = nullptr;
  memory_watch() = nullptr;
}

Trace* Trace::of_thread() { return current; }

uint32_t Trace::slot_of(const TensorImpl& impl) {
  Storage* const storage = impl.storage.get();
  if (is_pending(*storage)) return static_cast<DeferredStorage*>(storage)->slot;
  const uint32_t known = externals_.find(storage);
  if (known != Externals::kUnknown) return known;
  storage->references.add();
  // A view is seldom all there is: what it is a view of tells the storage's own sizes.
  const TensorImpl* const base = impl.base.get();
  const bool from_base = base && base->dtype == impl.dtype && base->sizes.size() <= kMostDims;
  const uint32_t slot = make_slot(from_base ? *base : impl, storage, true);
  externals_.add(storage, slot);
  return slot;
}

uint32_t Trace::make_slot(const TensorImpl& impl, Storage* storage, bool external) {
  const uint32_t dims = append_layout(numbers_, impl);
  Slot& slot = add_slot(impl, storage, dims);
  slot.external = external;
  slot.natural = impl.contiguous && impl.offset == 0 &&
                 static_cast<size_t>(impl.numel) * size_of(impl.dtype) == storage->bytes;
  return static_cast<uint32_t>(slots_.size() - 1);
}

/// A slot that isn't external, in its natural sizes. Written in place: copies of what was just
/// written in small pieces stall.
Slot& Trace::add_slot(const TensorImpl& impl, Storage* storage, uint32_t dims) {
  const size_t number = slots_.size();
  if (number % 64 == 0) live_.push_back(0);
  live_.back() |= uint64_t{1} << number % 64;
  Slot& slot = *slots_.extend(1);
  slot.storage = storage;
  slot.value = values_++;
  slot.dims = dims;
  slot.rank = static_cast<uint8_t>(impl.sizes.size());
  slot.dtype = impl.dtype;
  slot.external = false;
  slot.natural = true;
  return slot;
}

bool Trace::is_natural(const TensorImpl& impl, const Slot& slot) const {
  if (!slot.natural || !impl.contiguous || impl.offset != 0 || impl.dtype != slot.dtype ||
      impl.sizes.size() != slot.rank) {
    return false;
  }
  const int64_t* const sizes = numbers_.dims.data() + slot.dims;
  for (size_t i = 0; i < slot.rank; ++i) {
    if (impl.sizes[i] != sizes[i]) return false;
  }
  return true;
}

Tensor Trace::make_output(const Spec& spec) {
  TensorImpl* impl = TensorImpl::create();
  Tensor output{Intrusive<TensorImpl>::adopt(impl)};
  impl->numel = count_elements("compile", spec.sizes);
  impl->dtype = spec.dtype;
  impl->sizes = spec.sizes;
  impl->strides = contiguous_strides(spec.sizes);
  impl->device = kCpu;
  impl->inference = modes().inference;
  const size_t bytes = static_cast<size_t>(impl->numel) * size_of(impl->dtype);
  impl->storage = Intrusive<Storage>::adopt(
      DeferredStorage::create(*this, static_cast<uint32_t>(slots_.size()), bytes));
  make_slot(*impl, impl->storage.get(), false);
  return output;
}

/// Throws ValueError for a tensor that a trace of another thread makes. Before anything is written
/// down: a record that is broken off would leave numbers behind.
void Trace::check_ours(const Tensor& tensor) const {
  const Storage& storage = *tensor.impl()->storage;
  if (!storage.data && !is_pending(storage)) check_has_data(storage);
}

void Trace::add_draw(Draw draw) {
  numbers_.scalars.push_back(draw.seed);
  numbers_.scalars.push_back(draw.offset);
}

/// Whether the inputs are such as records can describe.
bool Trace::takes(const Call& call) const {
  for (const Tensor* input : call.inputs) {
    if (!input->defined()) continue;
    if (input->sizes().size() > kMostDims) return false;
    check_ours(*input);
  }
  return true;
}

bool Trace::defer_tile(const Call& call, const TileCall& typed, std::span<Tensor> outputs) {
  if (!takes(call) || typed.space.size() > kMostDims || !fit_in_memory(typed.results)) return false;
  Writer writer(*this, Record::Kind::kTile, &call.op, call.inputs.size(), typed.results.count);
  writer.run_program(call.op.program(typed.variant), typed.computed, typed.space, typed.row_mask);
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    writer.read(call.input(i), call.op.row_inputs >> i & 1);
  }
  writer.add_scalars(call);
  if (draws_numbers(call.op)) writer.add_draw(draw_numbers(call, writer.elements()));
  for (size_t i = 0; i < typed.results.count; ++i) {
    outputs[i] = make_output(typed.results.values[i]);
    writer.write(outputs[i], result_lacks_rows(typed, outputs[i].sizes()));
  }
  follow(writer, {call.inputs, {}, outputs, &call});
  return true;
}

bool Trace::defer_tile_into(const Call& call, const TileCall& typed, const Tensor& self) {
  if (!takes(call) || typed.space.size() > kMostDims) return false;
  check_ours(self);
  Writer writer(*this, Record::Kind::kTile, &call.op, call.inputs.size(), 1);
  writer.run_program(call.op.program(typed.variant), typed.computed, typed.space, typed.row_mask);
  for (const Tensor* input : call.inputs) writer.read(*input, false);
  writer.add_scalars(call);
  if (draws_numbers(call.op)) writer.add_draw(draw_numbers(call, writer.elements()));
  writer.write(self, false);
  const Tensor* const target = &self;
  follow(writer, {call.inputs, {&target, 1}, {}, &call});
  return true;
}

bool Trace::defer_kernel(const Call& call, const Specs& results, std::span<Tensor> outputs) {
  if (!takes(call) || !fit_in_memory(results)) return false;
  Writer writer(*this, Record::Kind::kKernel, &call.op, call.inputs.size(), results.count);
  for (const Tensor* input : call.inputs) writer.read(*input, false);
  writer.add_attributes(call.attributes);
  for (size_t i = 0; i < results.count; ++i) {
    outputs[i] = make_output(results.values[i]);
    writer.write(outputs[i], false);
  }
  follow(writer, {call.inputs, {}, outputs, &call});
  return true;
}

void Trace::defer_update(const Update& update) {
  if (repeat_update(update)) return;
  for (const Tensor* input : update.inputs) check_ours(*input);
  Writer writer(*this, Record::Kind::kTile, nullptr, update.inputs.size(), update.outputs.size());
  writer.run_program(update.program, update.computed, update.outputs[0]->sizes(), 0);
  for (const Tensor* input : update.inputs) writer.read(*input, false);
  writer.add_scalars(update.scalars);
  for (const Tensor* output : update.outputs) writer.write(*output, false);
  follow(writer, {update.inputs, update.outputs});
}

void Trace::follow(Writer& writer, const Taken& taken) {
  const std::span<const uint64_t> words = writer.words();
  Segments::Node* next = Segments::find(*cursor_, words);
  const bool is_added = !next;
  if (is_added) [[unlikely]] {
    segments_.counters.new_records.add(1);
    is_new_ = true;
    next = &segments_.add(*cursor_, words, writer.record());
  }
  cursor_ = next;
  writer.remember(next->memo, taken);
  ++pending_;
  if (is_added) find_loop();
  if (pending_ >= most_pending_ || next->ends) flush();
}

/// Cuts a stream that repeats itself, here and whenever it comes by again.
void Trace::find_loop() {
  if (most_pending_ != kMostPending) return;
  if (loop_cut_ == 0 && pending_ % kLoopInterval == 0) {
    loop_cut_ = cut_of_loop(Segments::path_to(*cursor_), slots_);
  }
  cursor_->ends = pending_ == loop_cut_;
}

bool Trace::knows(const Storage& storage) const {
  return is_pending(storage) || externals_.find(&storage) != Externals::kUnknown;
}

void Trace::before_access(const Storage& storage) {
  if (knows(storage)) flush();
}

std::pair<Plan*, Instance*> Trace::find_plan() {
  for (const auto& known : cursor_->plans) {
    if (known->live_bits() != live_) continue;
    if (repeats_) {
      if (Instance* const instance = known->last_instance(chain_)) return {known.get(), instance};
      write_dims();
    }
    if (Instance* const instance = known->instance_for(slots_, numbers_, chain_)) {
      return {known.get(), instance};
    }
  }
  write_dims();
  segments_.counters.plans.add(1);
  Graph graph = Graph::of(Segments::path_to(*cursor_), slots_, live_, numbers_);
  run_passes(graph, segments_.without_passes);
  cursor_->plans.push_back(std::make_unique<Plan>(std::move(graph)));
  Plan* const plan = cursor_->plans.back().get();
  return {plan, plan->instance_for(slots_, numbers_, chain_)};
}

Graph Trace::graph(std::span<const Tensor* const> results) {
  write_dims();
  std::vector<Operand> operands;
  for (const Tensor* result : results) {
    const TensorImpl& impl = *result->impl();
    Operand& operand = operands.emplace_back();
    operand.slot = slot_of(impl);
    const Slot& slot = slots_[operand.slot];
    operand.value = slot.value;
    operand.dtype = impl.dtype;
    operand.rank = static_cast<uint8_t>(impl.sizes.size());
    operand.natural = is_natural(impl, slot);
    operand.dims = operand.natural ? slot.dims : append_layout(numbers_, impl);
  }
  std::vector<uint64_t> read(live_.size());
  for (size_t i = 0; i < slots_.size(); ++i) {
    const bool is_result = std::any_of(operands.begin(), operands.end(),
                                       [&](const Operand& operand) { return operand.slot == i; });
    read[i / 64] |= uint64_t{slots_[i].external || is_result} << i % 64;
  }
  return Graph::of(Segments::path_to(*cursor_), slots_, read, numbers_, std::move(operands));
}

void Trace::flush() {
  if (pending_ == 0) return;
  const NotDeferred at_once;
  segments_.counters.flushes.add(1);
  ++flushes_;
  segments_.counters.records.add(pending_);
  kept_.clear();
  try {
    const auto [plan, instance] = find_plan();
    if (!plan->run(*instance, slots_, numbers_, kept_)) run_without_plan();
  } catch (...) {
    start_anew();
    throw;
  }
  start_anew();
}

/// What is pending, record by record: where there is too little memory, it shows at the op that
/// eager would fail at, with all before it done.
void Trace::run_without_plan() {
  write_dims();
  Plan plan(Graph::of(Segments::path_to(*cursor_), slots_, live_, numbers_));
  plan.run_apart(*plan.instance_for(slots_, numbers_), slots_, numbers_, kept_);
}

/// Hands the kept memory out and lets go of all slots.
void Trace::start_anew() {
  DeferredStorage::DetachLock lock;
  size_t next_kept = 0;
  for (size_t word = 0; word < live_.size(); ++word) {
    for (uint64_t bits = live_[word]; bits != 0; bits &= bits - 1) {
      const Slot& slot = slots_[64 * word + static_cast<size_t>(__builtin_ctzll(bits))];
      if (slot.external) continue;
      Intrusive<Storage> memory;
      if (next_kept < kept_.size()) memory = std::move(kept_[next_kept]);
      ++next_kept;
      lock.detach(*static_cast<DeferredStorage*>(slot.storage), std::move(memory));
    }
  }
  lock.release();
  for (const Slot& slot : std::span<const Slot>(slots_)) {
    if (slot.external && slot.storage->references.drop()) Storage::destroy(slot.storage);
  }
  slots_.clear();
  live_.clear();
  externals_.clear();
  numbers_.clear();
  values_ = 0;
  pending_ = 0;
  loop_cut_ = 0;
  chain_ = 0;
  repeats_ = true;
  segments_.keep_bounded();
  cursor_ = &segments_.root();
}

}  // namespace tenon::graph
