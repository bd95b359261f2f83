#include "tenon/graph/plan/kept_weights.h"

#include "tenon/base/error.h"
#include "tenon/graph/ir/weights.h"
#include "tenon/graph/trace/deferred_storage.h"

namespace tenon::graph {

KeptWeights::KeptWeights(const Graph& graph, Instance& instance) {
  // Memory that is kept isn't there for what the limit is on.
  if (graph.memory_limit != 0) return;
  const Weights weights(graph);
  for (size_t i = 0; i < graph.steps.size(); ++i) {
    const Step& step = graph.steps[i];
    if (!step.keeps_weight) continue;
    const bool is_cast = step.kind == Record::Kind::kTile;
    const size_t bytes =
        is_cast ? instance.bytes[step.outputs[0].slot] : instance.packed_bytes(step, i);
    const uint32_t result = is_cast ? step.outputs[0].slot : kNoValue;
    if (bytes == 0) continue;
    Kept kept{&step, i, bytes, result, {}, std::vector<double>(step.scalars.size()), 0, {}, false};
    for (const uint32_t slot : weights.of(i)) kept.weights.push_back({slot, {}, 0});
    all_.push_back(std::move(kept));
  }
}

void KeptWeights::Kept::forget() {
  for (Weight& weight : weights) weight.seen = {};
  memory = {};
  runs = 0;
  is_made = false;
}

/// Whether the weights, and numbers beside them, are as they were in the last run; notes how they
/// are.
bool KeptWeights::is_same(Kept& kept, std::span<const Slot> slots, const Numbers& numbers) {
  bool is_same = true, may_change_unseen = false;
  for (Weight& weight : kept.weights) {
    Storage* const storage = slots[weight.slot].storage;
    const uint32_t writes = storage->writes();
    // Deferred ones are results of earlier ops.
    may_change_unseen |=
        storage->lent.load(std::memory_order_relaxed) || storage->owner == deferred_storage_owner();
    is_same = is_same && weight.seen.get() == storage && weight.writes == writes;
  }
  for (size_t i = 0; i < kept.numbers.size(); ++i) {
    is_same = is_same && kept.numbers[i] == numbers.scalars[kept.plan->scalars[i]].real;
  }
  if (is_same && !may_change_unseen) return true;
  kept.forget();
  if (may_change_unseen) return false;
  for (Weight& weight : kept.weights) {
    weight.seen = Intrusive<Storage>::share(slots[weight.slot].storage);
    weight.writes = weight.seen->writes();
  }
  for (size_t i = 0; i < kept.numbers.size(); ++i) {
    kept.numbers[i] = numbers.scalars[kept.plan->scalars[i]].real;
  }
  return false;
}

bool KeptWeights::has_memory(Kept& kept) {
  constexpr int kFewRuns = 2;
  if (kept.memory) return true;
  if (++kept.runs < kFewRuns) return false;
  try {
    kept.memory = Intrusive<Storage>::adopt(allocator_of(kCpu).allocate(kept.bytes, kCpu));
  } catch (const OutOfMemoryError&) {
    kept.runs = 0;
    return false;
  }
  return true;
}

void KeptWeights::begin(std::span<const Slot> slots, const Numbers& numbers, Instance& instance) {
  for (Kept& kept : all_) {
    Instance::ReadyStep& ready = instance.steps[kept.step];
    const bool is_kept = is_same(kept, slots, numbers) && has_memory(kept);
    void* const memory = is_kept ? kept.memory->data : nullptr;
    if (kept.result != kNoValue) {
      ready.is_made = is_kept && kept.is_made;
      if (is_kept) instance.memory[kept.result].data = memory;
    } else {
      ready.packed = memory;
      ready.packs = !kept.is_made;
    }
  }
}

void KeptWeights::end() {
  for (Kept& kept : all_) kept.is_made = static_cast<bool>(kept.memory);
}

void KeptWeights::forget(Instance& instance) {
  for (Kept& kept : all_) {
    kept.forget();
    instance.steps[kept.step].is_made = false;
    instance.steps[kept.step].packed = nullptr;
  }
}

size_t KeptWeights::bytes() const {
  size_t sum = 0;
  for (const Kept& kept : all_) sum += kept.memory ? kept.bytes : 0;
  return sum;
}

}  // namespace tenon::graph
