#pragma once

#include <vector>

#include "tenon/dispatch/deferral.h"
#include "tenon/graph/trace/deferred_storage.h"
#include "tenon/graph/trace/externals.h"
#include "tenon/graph/trace/numbers.h"
#include "tenon/graph/trace/segments.h"

namespace tenon::graph {

/// The running call of a compiled function on one thread: takes its ops over, matches them against
/// what was seen before, and runs the plan of each segment when somebody looks at a result.
///
/// Every storage that an op touches has a slot, and every write to it makes a new value: records
/// name values, so that two streams match only when the same data flows the same way. Views cost
/// nothing: they are sizes, strides and an offset over their storage, as in eager.
class Trace final : public Deferrer, public MemoryWatch {
 public:
  explicit Trace(Segments& segments);
  ~Trace() override;
  Trace(const Trace&) = delete;

  /// Ops of this thread are deferred from now on, until `end`; there is no other trace. `pure`:
  /// what is pending will be a program, so that only somebody who looks at results ends it, not its
  /// length. `frame`: of the function that calls the user's code.
  void begin(const void* frame, bool pure = false);
  /// Runs what is pending, as the call is over.
  void finish() { run_pending("the end of the call"); }
  /// Runs what is pending; an error of it is dropped, as another one is on its way out already.
  void end() noexcept;

  bool repeat(const Call& call, std::span<Tensor> outputs) override;
  bool repeat_into(const Call& call, const Tensor& self) override;
  bool defer_tile(const Call& call, const TileCall& typed, std::span<Tensor> outputs) override;
  bool defer_tile_into(const Call& call, const TileCall& typed, const Tensor& self) override;
  bool defer_kernel(const Call& call, const Specs& results, std::span<Tensor> outputs) override;
  void defer_update(const Update& update) override;
  bool is_pure() const override { return is_pure_; }
  void flush() override { run_pending("an op that runs at once"); }
  void before_access(const Storage& storage) override;

  /// Nobody holds the slot's storage any more. On the trace's own thread.
  void forget(uint32_t slot) { slots_[slot].storage = nullptr; }

  /// What is pending, with `results` as its results; of what it makes, only they are read
  /// afterwards.
  Graph graph(std::span<const Tensor* const> results);
  std::span<const Slot> slots() const { return slots_; }
  /// Where in the user's code one of the pending records came from, if that is known: ", at
  /// a.py:3".
  const std::string& origin_of(size_t record) const;
  /// Stands for what is pending: the same for streams that match.
  const void* place() const { return cursor_; }
  /// Of this call.
  int64_t flushes() const { return flushes_; }
  /// Whether a pure function's code has read what the storage held, which is there still.
  bool has_looked_at(const Storage& storage) const;
  /// What the default generator would have drawn next when the call began.
  Draw first_draw() const { return first_draw_; }

  /// Whether an op of this call was at a place where no earlier call had it.
  bool is_new() const { return is_new_; }

  Allocator* deferred_owner() const { return deferred_owner_; }

  /// The trace that runs on the calling thread, or null.
  static Trace* of_thread() { return current_; }

 private:
  /// A stream that nobody reads from is cut here: what is pending stays bounded.
  static constexpr int64_t kMostPending = 4096;
  static constexpr int64_t kShort = 256;  ///< records whose memos lie in the caches anyway
  /// After how many new records it is looked whether they are a loop.
  static constexpr int64_t kLoopInterval = 16;
  static constexpr size_t kMostScalars = 16;  ///< of a call

  class Writer;
  /// What a record is made of.
  struct Taken {
    std::span<const Tensor*const> inputs, targets;  ///< targets are written in place
    std::span<const Tensor> results;
    const Call* call = nullptr;  ///< null: an update
  };

  /// Whether it is to get its data from this trace.
  bool is_pending(const Storage& storage) const {
    return storage.owner == deferred_owner_ &&
           static_cast<const DeferredStorage&>(storage).trace.load(std::memory_order_relaxed) ==
               this;
  }
  uint32_t slot_of(const TensorImpl& impl);
  uint32_t make_slot(const TensorImpl& impl, Storage* storage, bool external);
  Slot& add_slot(const TensorImpl& impl, Storage* storage, uint32_t dims);
  bool is_natural(const TensorImpl& impl, const Slot& slot) const;
  bool takes(const Call& call) const;
  void check_ours(const Tensor& tensor) const;
  Tensor make_output(const Spec& spec);
  void add_draw(Draw draw);
  void follow(Writer& writer, const Taken& taken);
  void find_loop();
  void run_program(Writer& writer, const Call& call, const TileCall& typed);
  /// What comes next comes after the memo.
  void go_to(Memo& memo) {
    if (last_) last_->next = &memo;
    last_ = &memo;
    guess_ = memo.next;
    chain_ = memo.number;
    cursor_ = memo.node;
    ++pending_;
    if (pending_ > kShort && guess_) [[unlikely]]
      fetch_ahead(*guess_);
  }
  void flush_where_due() {
    if (pending_ >= cut_at_ || last_->ends) [[unlikely]]
      flush_cut();
  }
  void flush_cut();
  void cut_here();
  /// Of a storage that was there before the stream.
  void add_external(Storage* storage, uint32_t slot) {
    externals_.add(storage, slot);
    if (storage->is_borrowed()) [[unlikely]]
      cut_here();
  }

  // replay.cpp
  Memo* expected(const OpDef* op, std::span<const Tensor* const> inputs,
                 std::span<const Tensor* const> targets);
  Memo* expected_other(const OpDef* op, std::span<const Tensor* const> inputs,
                       std::span<const Tensor* const> targets);
  bool is_expected(const Memo& memo, const OpDef* op, std::span<const Tensor* const> inputs,
                   std::span<const Tensor* const> targets);
  bool is_same(const Tensor& tensor, const Memo& memo, size_t i);
  bool has_layout(TensorImpl& impl, const Memo& memo, size_t i);
  bool is_first(Storage& storage, size_t bytes);
  bool take_numbers(const Call& call, const Memo& memo);
  bool take_attributes(const Call& call, const Memo& memo);
  bool repeat_update(const Update& update);
  TensorImpl* make_body(Memo& memo, size_t i, uint32_t first_slot);
  void take_externals(const Memo& memo, Slot* slots);
  void go_on(Memo& memo);
  bool repeat_any(const Call& call, std::span<Tensor> outputs);
  void follow_memo(Memo& memo, std::span<Tensor> results);
  void write_numbers();

  bool knows(const Storage& storage) const;
  /// `cause`, for people: what makes it run now.
  void run_pending(const char* cause);
  void explain_miss(const Record& record);
  void find_live();
  /// The plan for what is pending, readied for its sizes.
  std::pair<Plan*, Instance*> find_plan();
  void find_donations(const Instance& instance);
  void run_without_plan();
  void start_anew();

  inline static thread_local constinit Trace* current_ = nullptr;

  Segments& segments_;
  const Modes* modes_ = nullptr;     ///< of the thread that runs it
  Allocator* const deferred_owner_;  ///< of all deferred storage
  Node* cursor_;
  Memo* last_ = nullptr;   ///< the memo followed last, by this stream or the one before
  Memo* guess_ = nullptr;  ///< what came after it
  /// Number of the memo at the cursor.
  uint64_t chain_ = 0;
  /// The stream is what the memos up to `last_` say, but for `moved_` and `changed_`: dims and
  /// attributes are there, and not written yet.
  bool repeats_ = true;
  bool has_name_ =
      true;  ///< nothing was changed: `chain_` and `moved_` stand for sizes and offsets
  Buffer<MovedNumber> moved_;
  std::vector<std::pair<uint32_t, Attribute>> changed_;  ///< places and values of attributes
  Buffer<Slot> slots_;
  std::vector<uint64_t> live_;  ///< a bit per slot, of the flush: external, or not yet forgotten
  Externals externals_;
  uint32_t values_ = 0;
  int64_t pending_ = 0;  ///< records since the last flush
  int64_t most_pending_ = kMostPending;
  int64_t cut_at_ = kMostPending;  ///< `most_pending_`; 0 where the next record ends the stream
  int64_t loop_cut_ = 0;  ///< with how many pending records to cut at a new one; 0: not known yet
  bool is_new_ = false;
  bool is_pure_ = false;
  const void* frame_ = nullptr;            ///< of the function that calls the user's code
  std::vector<const Storage*> looked_at_;  ///< by a pure function's code
  int64_t flushes_ = 0;
  Draw first_draw_;
  Numbers numbers_;
  NumberedPrograms numbered_;
  Buffer<uint64_t> words_;                ///< of the record that is being written
  Buffer<Operand> operands_;              ///< of that record: inputs, then outputs
  Buffer<Storage*> first_;                ///< those that the record is the first to touch
  std::vector<Intrusive<Storage>> kept_;  ///< by the plan that ran last, until it is handed out
  std::vector<Donation> donations_;       ///< to the plan that runs
};

}  // namespace tenon::graph
