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
    const std::optional<uint32_t> weight = weights.of(i);
    const bool is_cast = step.kind == Record::Kind::kTile;
    const size_t bytes =
        is_cast ? instance.bytes[step.outputs[0].slot] : instance.packed_bytes(step, i);
    const uint32_t result = is_cast ? step.outputs[0].slot : kNoValue;
    if (weight && bytes != 0) all_.push_back({i, *weight, bytes, result, {}, 0, 0, {}, false});
  }
}

void KeptWeights::Kept::forget() {
  seen = {};
  memory = {};
  runs = 0;
  is_made = false;
}

/// Whether the weight is as it was in the last run; notes how it is.
bool KeptWeights::is_same(Kept& kept, Storage* weight) {
  const uint32_t version = weight->version.load(std::memory_order_relaxed);
  // Deferred ones are results of earlier ops.
  const bool may_change_unseen =
      weight->lent.load(std::memory_order_relaxed) || weight->owner == deferred_storage_owner();
  if (!may_change_unseen && kept.seen.get() == weight && kept.version == version) return true;
  kept.forget();
  if (may_change_unseen) return false;
  kept.seen = Intrusive<Storage>::share(weight);
  kept.version = version;
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

void KeptWeights::begin(std::span<const Slot> slots, Instance& instance) {
  for (Kept& kept : all_) {
    Instance::ReadyStep& ready = instance.steps[kept.step];
    const bool is_kept = is_same(kept, slots[kept.weight].storage) && has_memory(kept);
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
