#include "tenon/graph/trace/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "tenon/core/generator.h"
#include "tenon/graph/passes/dependencies.h"
#include "tenon/graph/passes/passes.h"
#include "tenon/graph/trace/loops.h"
#include "tenon/graph/trace/miss.h"
#include "tenon/graph/trace/writer.h"

namespace tenon::graph {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 44;

/// Results larger than any memory are left to the eager path, whose error names the op.
bool fit_in_memory(const Specs& results) {
  for (size_t i = 0; i < results.count; ++i) {
    if (count_elements("compile", results.values[i].sizes) > kMostElements) return false;
  }
  return true;
}

}  // namespace

Trace::Trace(Segments& segments)
    : segments_(segments), deferred_owner_(deferred_storage_owner()), cursor_(&segments.root()) {}

Trace::~Trace() = default;

void Trace::begin(const void* frame, bool pure) {
  frame_ = frame;
  is_new_ = false;
  is_pure_ = pure;
  looked_at_.clear();
  most_pending_ = cut_at_ = pure ? std::numeric_limits<int64_t>::max() : kMostPending;
  flushes_ = 0;
  const Generator& generator = default_generator();
  first_draw_ = {generator.seed(), generator.offset()};
  current_ = this;
  modes_ = &modes();
  modes().deferrer = this;
  memory_watch() = this;
}

void Trace::end() noexcept {
  try {
    run_pending("an error in the function's code");
  } catch (...) {
    // Of any type, as kernels may be a user's. The error that is on its way out already is the one
    // that helps.
  }
  current_ = nullptr;
  modes().deferrer = nullptr;
  memory_watch() = nullptr;
}

uint32_t Trace::slot_of(const TensorImpl& impl) {
  Storage* const storage = impl.storage.get();
  if (is_pending(*storage)) return static_cast<DeferredStorage*>(storage)->slot;
  const uint32_t known = externals_.find(storage);
  if (known != Externals::kUnknown) return known;
  storage->references.add();
  const uint32_t slot = make_slot(is_seen_through_base(impl) ? *impl.base : impl, storage, true);
  add_external(storage, slot);
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
  run_program(writer, call, typed);
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
  run_program(writer, call, typed);
  for (const Tensor* input : call.inputs) writer.read(*input, false);
  writer.add_scalars(call);
  if (draws_numbers(call.op)) writer.add_draw(draw_numbers(call, writer.elements()));
  writer.write(self, false);
  const Tensor* const target = &self;
  follow(writer, {call.inputs, {&target, 1}, {}, &call});
  return true;
}

bool Trace::defer_kernel(const Call& call, const Specs& results, std::span<Tensor> outputs) {
  if (call.op.may_fail_on_numbers && !is_pure_) return false;
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

void Trace::run_program(Writer& writer, const Call& call, const TileCall& typed) {
  const tile::Program* program = &call.op.program(typed.variant);
  if (const uint64_t numbers = number_inputs(call, *program, typed.computed); numbers != 0) {
    tile::Scalar64 scalars[kMostScalars];
    const size_t first = collect_scalars(call, scalars);
    if (first + static_cast<size_t>(__builtin_popcountll(numbers)) <= kMostScalars) {
      writer.take_as_numbers(numbers);
      program = &numbered_.of(*program, numbers, first);
    }
  }
  writer.run_program(*program, typed.computed, typed.space, typed.row_mask);
}

void Trace::follow(Writer& writer, const Taken& taken) {
  const std::span<const uint64_t> words = writer.words();
  Node* next = Segments::find(*cursor_, words);
  segments_.counters.typed.add(1);
  const bool is_added = !next;
  if (is_added) [[unlikely]] {
    segments_.counters.new_records.add(1);
    Record record = writer.record();
    if (!is_new_) explain_miss(record);
    is_new_ = true;
    next = &segments_.add(*cursor_, words, std::move(record));
    if (segments_.keeps_origins) next->origin = caller_place(", at ");
    next->is_caught = !is_pure_ && may_throw(step_of(next->record)) && caller_catches(frame_);
  }
  Memo& memo = segments_.memo_of(*next);
  writer.remember(memo, taken);
  memo.node = next;
  go_to(memo);
  if (is_added) find_loop();
  memo.ends = next->ends || next->is_caught;
  flush_where_due();
}

/// Says where this call leaves what earlier ones did.
void Trace::explain_miss(const Record& record) {
  const int64_t calls = segments_.counters.calls.value();
  if (calls < 2) return;
  // What came last time; where that isn't known, what is most like it.
  const Node* before = guess_ && guess_->node->parent == cursor_ ? guess_->node : cursor_->likely;
  for (const auto& child : cursor_->children) {
    if (child->record.op == record.op) before = child.get();
  }
  segments_.last_miss = fmt::format(
      "call {}, run {}, op {}{}: {}", calls, flushes_ + 1, pending_ + 1, caller_place(", "),
      before ? difference(record, before->record)
             : fmt::format("{} came where earlier calls had ended", name_of(record)));
}

const std::string& Trace::origin_of(size_t record) const {
  const Node* node = cursor_;
  for (auto i = static_cast<size_t>(pending_); i > record + 1; --i) node = node->parent;
  return node->origin;
}

/// Cuts a stream that repeats itself, here and whenever it comes by again.
void Trace::find_loop() {
  if (is_pure_) return;
  if (loop_cut_ == 0 && pending_ % kLoopInterval == 0) {
    loop_cut_ = cut_of_loop(Segments::path_to(*cursor_), slots_);
  }
  cursor_->ends = pending_ == loop_cut_;
}

/// Ends a stream where an array outside reaches the memory that it touches: who holds the array
/// sees what was written at once, and may write when this record has read.
void Trace::cut_here() {
  if (!is_pure_) cut_at_ = 0;
}

void Trace::flush_cut() {
  run_pending(last_->node->is_caught ? "an op whose error the code catches"
              : last_->ends          ? "rounds that repeat"
              : cut_at_ == 0         ? "memory that an array outside reaches, too"
                                     : "its length");
}

bool Trace::has_looked_at(const Storage& storage) const {
  return std::find(looked_at_.begin(), looked_at_.end(), &storage) != looked_at_.end();
}

bool Trace::knows(const Storage& storage) const {
  return is_pending(storage) || externals_.find(&storage) != Externals::kUnknown;
}

void Trace::before_access(const Storage& storage) {
  if (is_pure_) looked_at_.push_back(&storage);
  if (knows(storage)) run_pending("a tensor that is read");
}

std::pair<Plan*, Instance*> Trace::find_plan() {
  const bool repeats = repeats_ && changed_.empty();
  for (const auto& known : cursor_->plans) {
    if (!repeats || known->live_bits() != live_) continue;
    if (Instance* const instance = known->last_instance(chain_, moved_))
      return {known.get(), instance};
  }
  write_numbers();
  const uint64_t name = has_name_ ? chain_ : 0;
  for (const auto& known : cursor_->plans) {
    if (known->live_bits() != live_) continue;
    if (Instance* const instance = known->instance_for(slots_, numbers_, name, moved_)) {
      return {known.get(), instance};
    }
  }
  segments_.counters.plans.add(1);
  const Segments::Stopwatch stopwatch(segments_.counters.compile_ns);
  Graph graph = Graph::of(Segments::path_to(*cursor_), slots_, live_, numbers_);
  graph.memory_limit = segments_.memory_limit;
  run_passes(graph, segments_.without_passes);
  warn_of_memory(graph, segments_.has_warned_of_memory);
  cursor_->plans.push_back(std::make_unique<Plan>(std::move(graph)));
  Plan* const plan = cursor_->plans.back().get();
  return {plan, plan->instance_for(slots_, numbers_, name, moved_)};
}

/// Which slots somebody can still read.
void Trace::find_live() {
  live_.assign((slots_.size() + 63) / 64, 0);
  for (size_t i = 0; i < slots_.size(); ++i) {
    live_[i / 64] |= uint64_t{slots_[i].storage != nullptr} << i % 64;
  }
}

Graph Trace::graph(std::span<const Tensor* const> results) {
  write_numbers();
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
  std::vector<uint64_t> read((slots_.size() + 63) / 64);
  for (size_t i = 0; i < slots_.size(); ++i) {
    const bool is_result = std::any_of(operands.begin(), operands.end(),
                                       [&](const Operand& operand) { return operand.slot == i; });
    read[i / 64] |= uint64_t{slots_[i].external || is_result} << i % 64;
  }
  Graph graph = Graph::of(Segments::path_to(*cursor_), slots_, read, numbers_, std::move(operands));
  graph.memory_limit = segments_.memory_limit;
  return graph;
}

void Trace::run_pending(const char* cause) {
  if (pending_ == 0) return;
  const NotDeferred at_once;
  segments_.counters.flushes.add(1);
  ++flushes_;
  segments_.counters.records.add(pending_);
  segments_.mark_used(*cursor_);
  if (cursor_->cause != cause) [[unlikely]] {
    cursor_->cause = cause;
    cursor_->place = caller_place(" at ");
  }
  find_live();
  kept_.clear();
  try {
    const auto [plan, instance] = find_plan();
    segments_.counters.elements.add(instance->elements);
    find_donations(*instance);
    if (!plan->run(*instance, slots_, numbers_, kept_, donations_)) run_without_plan();
  } catch (...) {
    start_anew();
    throw;
  }
  start_anew();
}

/// What only this trace still holds: it goes with the run.
void Trace::find_donations(const Instance& instance) {
  donations_.clear();
  for (const uint32_t slot : instance.donatable) {
    Storage* const memory = sole_memory(*slots_[slot].storage);
    if (memory && memory->bytes == instance.bytes[slot]) donations_.push_back({slot, memory});
  }
}

/// What is pending, record by record: where there is too little memory, it shows at the op that
/// eager would fail at, with all before it done.
void Trace::run_without_plan() {
  write_numbers();
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
      if (!slot.storage) continue;  // dropped by a kernel of a user's
      lock.detach(*static_cast<DeferredStorage*>(slot.storage), std::move(memory));
    }
  }
  lock.release();
  for (const Slot& slot : std::span<const Slot>(slots_)) {
    if (slot.external && slot.storage->references.drop()) Storage::destroy(slot.storage);
  }
  slots_.clear();
  externals_.clear();
  numbers_.clear();
  values_ = 0;
  pending_ = 0;
  cut_at_ = most_pending_;
  loop_cut_ = 0;
  chain_ = 0;
  repeats_ = true;
  has_name_ = true;
  moved_.clear();
  changed_.clear();
  if (segments_.keep_bounded()) last_ = guess_ = nullptr;
  cursor_ = &segments_.root();
}

}  // namespace tenon::graph
