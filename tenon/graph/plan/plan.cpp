#include "tenon/graph/plan/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "tenon/base/error.h"
#include "tenon/base/long_work.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/profile.h"
#include "tenon/dispatch/tile_call.h"
#include "tenon/graph/plan/instance.h"
#include "tenon/graph/plan/kept_weights.h"
#include "tenon/graph/plan/loop_body.h"
#include "tenon/graph/plan/memory_report.h"
#include "tenon/graph/plan/run_report.h"

namespace tenon::graph {
namespace {

constexpr size_t kMostInstances = 64;
constexpr int64_t kCheckEvery = 64;  // rounds of a loop, which may take nanoseconds
/// With donated slots, for the same sizes.
constexpr size_t kMostDonating = 4;

/// Shapes and bytes of what the step reads and writes, for a profile.
void describe_operands(const Step& step, const Instance& instance, ProfileEvent& event) {
  const auto describe = [&](const Operand& operand) {
    if (operand.value == kNoValue) return std::string("none");
    const auto sizes = std::span(instance.dims).subspan(operand.dims, operand.rank);
    auto bytes = static_cast<int64_t>(size_of(operand.dtype));
    for (const int64_t size : sizes) bytes *= size;
    event.bytes += bytes;
    return fmt::format("{}[{}]", name_of(operand.dtype), fmt::join(sizes, ", "));
  };
  std::vector<std::string> inputs, outputs;
  for (const Operand& input : step.inputs) inputs.push_back(describe(input));
  for (const Operand& output : step.outputs) outputs.push_back(describe(output));
  if (!event.shapes.empty()) event.shapes += " | ";
  event.shapes += fmt::format("{} -> {}", fmt::join(inputs, ", "), fmt::join(outputs, ", "));
}

}  // namespace

Plan::Plan(Graph graph) : graph_(std::move(graph)) {
  const auto added = std::count_if(graph_.slots.begin(), graph_.slots.end(),
                                   [](const GraphSlot& slot) { return slot.added; });
  live_bits_.resize((graph_.slots.size() - static_cast<size_t>(added) + 63) / 64);
  for (size_t i = 0; i < graph_.slots.size() && !graph_.slots[i].added; ++i) {
    live_bits_[i / 64] |= uint64_t{graph_.slots[i].live} << i % 64;
  }
  const auto writes = [this](const Step& step) {
    return std::any_of(step.outputs.begin(), step.outputs.end(), [this](const Operand& output) {
      return graph_.slots[output.slot].external;
    });
  };
  first_write_ = static_cast<size_t>(
      std::find_if(graph_.steps.begin(), graph_.steps.end(), writes) - graph_.steps.begin());
  is_offset_.resize(graph_.dims.size());
  for (const GraphSlot& slot : graph_.slots) is_offset_[slot.dims + 2u * slot.rank] = true;
  for (Step& step : graph_.steps) {
    for (const std::vector<Operand>* operands : {&step.inputs, &step.outputs}) {
      for (const Operand& operand : *operands) {
        if (operand.value != kNoValue) is_offset_[operand.dims + 2u * operand.rank] = true;
      }
    }
    for (size_t i = 1; i < step.scalars.size(); ++i) {
      step.scalars_side_by_side &= step.scalars[i] == step.scalars[0] + i;
    }
  }
}

Plan::~Plan() = default;

bool Plan::fits(std::span<const int64_t> dims) const {
  if (graph_.fixed) return std::equal(dims.begin(), dims.end(), graph_.dims.begin());
  return std::all_of(graph_.assumed.begin(), graph_.assumed.end(), [&](const EqualDims& e) {
    return std::equal(dims.begin() + e.a, dims.begin() + e.a + e.count, dims.begin() + e.b);
  });
}

/// Whether the numbers differ in offsets alone, which an instance takes as they come.
bool Plan::same_sizes(std::span<const int64_t> a, std::span<const int64_t> b) const {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && !is_offset_[i]) return false;
  }
  return a.size() == b.size();
}

Instance* Plan::instance_for(std::span<const Slot> slots, const Numbers& numbers, uint64_t name,
                             std::span<const MovedNumber> moved) {
  const std::span<const int64_t> dims = numbers.dims;
  const auto known = std::find_if(instances_.begin(), instances_.end(), [&](const auto& instance) {
    return same_sizes(instance->dims, dims);
  });
  const bool is_same = known != instances_.end() &&
                       std::equal((*known)->dims.begin(), (*known)->dims.end(), dims.begin());
  if (!is_same && !fits(dims)) return nullptr;
  for (const auto& [place, attribute] : graph_.assumed_attributes) {
    if (!(numbers.attributes[place] == attribute)) return nullptr;
  }
  // Only the sizes that run keep what is made of weights.
  if (!instances_.empty() && known != instances_.begin() && instances_.front()->kept_weights) {
    instances_.front()->kept_weights->forget(*instances_.front());
  }
  if (known != instances_.end()) {
    if (!is_same) (*known)->set_offsets(graph_.steps, dims);
    std::rotate(instances_.begin(), known, known + 1);
  } else {
    if (instances_.size() == kMostInstances) instances_.pop_back();
    instances_.insert(
        instances_.begin(),
        std::make_unique<Instance>(graph_.steps, graph_.live_slots(), all_slots(slots), dims));
    Instance& instance = *instances_.front();
    auto kept_weights = std::make_unique<KeptWeights>(graph_, instance);
    if (!kept_weights->empty()) instance.kept_weights = std::move(kept_weights);
  }
  instances_.front()->name = name;
  instances_.front()->moved.assign(moved.begin(), moved.end());
  instances_.front()->attributes = numbers.attributes;
  return instances_.front().get();
}

/// Those of a run, then those that passes added.
std::vector<Slot> Plan::all_slots(std::span<const Slot> slots) const {
  std::vector<Slot> all(slots.begin(), slots.end());
  for (size_t i = all.size(); i < graph_.slots.size(); ++i) {
    all.push_back(run_slot(graph_.slots[i]));
  }
  return all;
}

/// The instance that uses the donated memory, or as much of it as one does that was made before.
Instance& Plan::with_donations(Instance& instance, std::span<const Slot> slots,
                               std::span<const Donation> donations) const {
  Instance* best = nullptr;
  for (const auto& known : instance.donating) {
    const bool all_given =
        std::all_of(known->donated.begin(), known->donated.end(), [&](uint32_t slot) {
          return std::any_of(donations.begin(), donations.end(),
                             [&](const Donation& donation) { return donation.slot == slot; });
        });
    if (all_given && (!best || known->donated.size() > best->donated.size())) best = known.get();
  }
  const bool is_all = best && best->donated.size() == donations.size();
  if (!is_all && instance.donating.size() < kMostDonating) {
    std::vector<uint32_t> donated;
    for (const Donation& donation : donations) donated.push_back(donation.slot);
    instance.donating.push_back(std::make_unique<Instance>(
        graph_.steps, graph_.live_slots(), all_slots(slots), instance.dims, donated));
    best = instance.donating.back().get();
  }
  if (!best) return instance;
  if (best->dims != instance.dims) best->set_offsets(graph_.steps, instance.dims);
  best->attributes = instance.attributes;
  return *best;
}

std::string Plan::explain(size_t ops) const {
  std::string text = fmt::format("plan of {} ops in {} steps:\n{}{}", ops, graph_.steps.size(),
                                 graph_.to_text(), graph_.remarks);
  if (instances_.empty()) return text;
  text += run_report(graph_, instances_.front()->last_run());
  text += memory_report(graph_, instances_.front()->last_run());
  if (const auto& weights = instances_.front()->kept_weights; weights && weights->bytes() != 0) {
    text += fmt::format("kept from run to run of what is made of weights: {}\n",
                        bytes_text(weights->bytes()));
  }
  return text;
}

namespace {

/// Memory for the instance's kept slots.
void allocate_kept(const Instance& instance, std::span<const Donation> donations,
                   std::vector<Intrusive<Storage>>& kept) {
  Allocator& allocator = allocator_of(kCpu);
  for (size_t k = 0; k < instance.kept_slots.size(); ++k) {
    if (!instance.kept_homes.empty() && instance.kept_homes[k] != kNoValue) {
      const auto from = std::find_if(
          donations.begin(), donations.end(),
          [&](const Donation& donation) { return donation.slot == instance.kept_homes[k]; });
      kept.push_back(Intrusive<Storage>::share(from->memory));
      continue;
    }
    const size_t bytes = instance.bytes[instance.kept_slots[k]];
    kept.push_back(Intrusive<Storage>::adopt(allocator.allocate(bytes, kCpu)));
  }
}

}  // namespace

namespace {

/// Runs the batch that begins with the step, or those of a fork: each chain whole, on one thread,
/// which is the only one that touches what the chain's steps keep from run to run.
template <class Run>
void for_each_batch(const Instance& instance, size_t first, const Run& run) {
  const Fork* const fork = instance.steps[first].fork;
  if (!fork) [[likely]] {
    return run(first);
  }
  const auto run_chains = [&](int64_t begin, int64_t end) {
    const NoGrad no_grad;
    const size_t last = fork->chains[static_cast<size_t>(end)];
    for (size_t i = fork->chains[static_cast<size_t>(begin)]; i < last;) {
      run(i);
      i += instance.steps[i].batch;
    }
  };
  parallel_for(static_cast<int64_t>(fork->count()), 1, run_chains);
}

}  // namespace

bool Plan::run(Instance& found, std::span<const Slot> slots, const Numbers& numbers,
               std::vector<Intrusive<Storage>>& kept, std::span<const Donation> donations) {
  Instance& instance = donations.empty() ? found : with_donations(found, slots, donations);
  if (!found.donatable.empty()) found.ran_last = &instance;
  Intrusive<Storage> arena;
  try {
    if (instance.arena_bytes != 0) {
      arena = Intrusive<Storage>::adopt(allocator_of(kCpu).allocate(instance.arena_bytes, kCpu));
    }
    allocate_kept(instance, donations, kept);
  } catch (const OutOfMemoryError&) {
    kept.clear();
    return false;
  }
  instance.point_to(slots, kept, arena ? arena->data : nullptr);
  if (instance.kept_weights) instance.kept_weights->begin(slots, numbers, instance);
  const NoGrad no_grad;
  size_t done = 0;
  try {
    const LongWork work(instance.is_long);
    std::optional<Uninterrupted> whole;  // what others own is written by all of these steps
    for (; done < graph_.steps.size(); done = instance.end_of(done)) {
      check_interrupt();
      if (!whole && instance.end_of(done) > first_write_) whole.emplace();
      const auto run = [&](size_t first) {
        if (!instance.steps[first].is_made) run_steps(first, instance, numbers);
      };
      for_each_batch(instance, done, run);
    }
  } catch (...) {
    for (size_t k = 0; k < kept.size(); ++k) {
      if (instance.first_step[instance.kept_slots[k]] >= static_cast<int>(done)) kept[k] = {};
    }
    throw;
  }
  if (instance.kept_weights) instance.kept_weights->end();
  return true;
}

void Plan::run_apart(Instance& instance, std::span<const Slot> slots, const Numbers& numbers,
                     std::vector<Intrusive<Storage>>& kept) {
  Allocator& allocator = allocator_of(kCpu);
  if (instance.kept_weights) instance.kept_weights->forget(instance);
  std::vector<Intrusive<Storage>> own(instance.slot_count);
  Intrusive<Storage> scratch;  // of the loop that runs
  kept.clear();
  kept.resize(instance.kept_slots.size());
  for (const uint32_t slot : instance.external_slots) {
    instance.memory[slot].data = slots[slot].storage->data;
  }
  const NoGrad no_grad;
  for (size_t done = 0; done < graph_.steps.size(); done += instance.steps[done].batch) {
    const auto now = static_cast<int>(done);
    try {
      for (size_t i = 0; i < own.size(); ++i) {
        if (instance.first_step[i] != now || slots[i].external) continue;
        own[i] = Intrusive<Storage>::adopt(allocator.allocate(instance.bytes[i], kCpu));
        instance.memory[i].data = own[i]->data;
      }
      if (LoopStep* const loop = instance.steps[done].loop.get()) {
        scratch = Intrusive<Storage>::adopt(allocator.allocate(loop->body.arena_bytes(), kCpu));
        loop->arena = scratch->data;
      }
    } catch (const OutOfMemoryError& error) {
      fail<OutOfMemoryError>(
          title_of(graph_.steps[done]),
          fmt::format("no room for its results in a compiled function that needs {} at a time; its "
                      "largest buffers: {}; use smaller batches ({})",
                      bytes_text(instance.arena_bytes), largest_buffers(graph_, instance),
                      error.what()));
    }
    run_steps(done, instance, numbers);
    for (size_t k = 0; k < kept.size(); ++k) kept[k] = own[instance.kept_slots[k]];
    for (const uint32_t slot : instance.arena_slots) {
      if (instance.last_step[slot] == now) own[slot] = {};
    }
  }
}

void Plan::run_steps(size_t first, Instance& instance, const Numbers& numbers) const {
  if (!is_profiling()) [[likely]] {
    return run_unprofiled(first, instance, numbers);
  }
  ProfileEvent event;
  event.category = "step";
  for (size_t i = first; i < first + instance.steps[first].batch; ++i) {
    if (i != first) event.name += " | ";
    event.name += title_of(graph_.steps[i]);
    describe_operands(graph_.steps[i], instance, event);
  }
  event.begin = profile_clock();
  run_unprofiled(first, instance, numbers);
  event.end = profile_clock();
  add_profile_event(std::move(event));
}

void Plan::run_unprofiled(size_t first, Instance& instance, const Numbers& numbers) const {
  switch (graph_.steps[first].kind) {
    case Record::Kind::kKernel:
      return run_kernels(first, instance, numbers);
    case Record::Kind::kTile:
      return run_tiles(first, instance, numbers);
    case Record::Kind::kLoop:
      return instance.run_loop(first, graph_.steps[first].rounds);
  }
}

void Plan::run_rounds(int64_t rounds, Instance& instance, const Numbers& numbers) const {
  const auto run = [&](size_t first) { run_unprofiled(first, instance, numbers); };
  const auto run_again = [&](size_t first) {
    if (graph_.steps[first].kind == Record::Kind::kTile) {
      launch_tiles(first, instance, numbers);
    } else {
      run_kernels(first, instance, numbers);
    }
  };
  const size_t count = graph_.steps.size();
  for (size_t i = 0; i < count; i = instance.end_of(i)) for_each_batch(instance, i, run);
  for (int64_t round = 1; round < rounds; ++round) {
    if (round % kCheckEvery == 0) check_interrupt();
    for (size_t i = 0; i < count; i = instance.end_of(i)) for_each_batch(instance, i, run_again);
  }
}

/// The steps from `first` on that run at once.
void Plan::run_kernels(size_t first, Instance& instance, const Numbers& numbers) const {
  const Step& step = graph_.steps[first];
  Instance::ReadyStep& ready = instance.steps[first];
  if (ready.has_epilogue) {
    instance.update_launch(graph_.steps[first + 1], first + 1, numbers);
    return backend_of(kCpu).run_by_blocks(Instance::kernel_run(step, ready),
                                          instance.launches[first + 1],
                                          instance.is_read_once(step.outputs[0].slot, first));
  }
  if (ready.batch > 1) return backend_of(kCpu).run_together(ready.together);
  std::span<const Attribute> attributes =
      std::span(instance.attributes).subspan(step.attributes, step.attribute_count);
  std::vector<Attribute> with_constants;
  if (!step.constants.empty()) {
    with_constants.assign(attributes.begin(), attributes.end());
    with_constants.insert(with_constants.end(), step.constants.begin(), step.constants.end());
    for (const uint32_t scalar : step.scalars) {
      with_constants.emplace_back(numbers.scalars[scalar].real);
    }
    attributes = with_constants;
  }
  const KernelRun run{step.kernel, Call{*step.op, ready.input_list, attributes}, ready.outputs};
  if (!ready.packed) return run.kernel(run.call, run.outputs);
  if (ready.packs) backend_of(kCpu).pack(run, ready.packed);
  backend_of(kCpu).run_packed(run, ready.packed);
}

/// The steps from `first` on that run at once.
void Plan::run_tiles(size_t first, Instance& instance, const Numbers& numbers) const {
  for (size_t i = first; i < first + instance.steps[first].batch; ++i) {
    instance.update_launch(graph_.steps[i], i, numbers);
  }
  launch_tiles(first, instance, numbers);
}

/// As they were readied last.
void Plan::launch_tiles(size_t first, Instance& instance, const Numbers& numbers) const {
  Instance::ReadyStep& ready = instance.steps[first];
  const Backend& backend = backend_of(kCpu);
  if (ready.is_small) {
    const tile::SmallLaunch* const launch = &instance.small_launches[first];
    if (ready.batch == 1 ? backend.run_small(*launch)
                         : backend.run_small_many({launch, ready.batch})) {
      return;
    }
    // Not a program for it: this is so each time.
    for (size_t i = first; i < first + ready.batch; ++i) {
      instance.steps[i].is_small = false;
      instance.update_launch(graph_.steps[i], i, numbers);
    }
  }
  if (ready.batch > 1) {
    backend.run_tile_many({&instance.launches[first], ready.batch});
  } else if (!ready.empty) {
    backend.run_tile(instance.launches[first]);
  }
}

}  // namespace tenon::graph
