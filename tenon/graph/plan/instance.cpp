#include "tenon/graph/plan/instance.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "tenon/dispatch/tile_call.h"
#include "tenon/graph/plan/kept_weights.h"
#include "tenon/graph/plan/loop_body.h"
#include "tenon/graph/plan/placement.h"

namespace tenon::graph {
namespace {

/// Owns nothing: the memory behind a plan's slots belongs to tensors and to its arena.
class LentMemory final : public Allocator {
 public:
  Storage* allocate(size_t, Device) override { return nullptr; }
  void release(Storage*) noexcept override {}
  MemoryStats stats() const override { return {}; }
  void reset_peak_stats() override {}
  void release_cached() override {}
};

LentMemory& lent_memory() {
  static auto* instance = new LentMemory;
  return *instance;
}

/// Stands for a slot's memory while operands are described: what they are from it is what counts.
char* const kAnywhere = reinterpret_cast<char*>(uintptr_t{1} << 40);

size_t bytes_of(const Slot& slot, std::span<const int64_t> dims) {
  size_t bytes = size_of(slot.dtype);
  for (size_t i = 0; i < slot.rank; ++i) bytes *= static_cast<size_t>(dims[slot.dims + i]);
  return bytes;
}

int64_t product_of(std::span<const int64_t> dims, uint32_t at, size_t rank) {
  int64_t elements = 1;
  for (size_t i = 0; i < rank; ++i) elements *= dims[at + i];
  return elements;
}

/// Elements that kernels read and write, and those of each op's result in tile steps.
int64_t elements_of(std::span<const Step> plan, std::span<const int64_t> dims) {
  const auto product = [&](uint32_t at, size_t rank) { return product_of(dims, at, rank); };
  int64_t sum = 0;
  for (const Step& step : plan) {
    if (step.kind == Record::Kind::kTile) {
      const auto ops = static_cast<int64_t>(std::max<size_t>(1, step.members.size()));
      sum += ops * product(step.space, step.space_rank);
      continue;
    }
    for (const std::vector<Operand>* operands : {&step.inputs, &step.outputs}) {
      for (const Operand& operand : *operands) {
        if (operand.value != kNoValue) sum += product(operand.dims, operand.rank);
      }
    }
  }
  return sum;
}

}  // namespace

Instance::Instance(std::span<const Step> plan, const std::vector<bool>& live,
                   std::span<const Slot> slots, std::span<const int64_t> numbers,
                   std::span<const uint32_t> given)
    : dims(numbers.begin(), numbers.end()),
      slot_count(slots.size()),
      memory(std::make_unique<Storage[]>(slots.size())),
      donated(given.begin(), given.end()),
      steps(plan.size()),
      launches(plan.size()),
      small_launches(plan.size()),
      launch_plans(plan.size()) {
  for (size_t i = 0; i < slot_count; ++i) {
    bytes.push_back(bytes_of(slots[i], dims));
    memory[i].owner = &lent_memory();
    memory[i].data = kAnywhere;
    memory[i].bytes = bytes.back();
  }
  for (size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].kind == Record::Kind::kTile) {
      ready_tile(plan[i], steps[i], launches[i]);
      launches[i].kept = &launch_plans[i];
      ready_small(plan[i], i);
    } else if (plan[i].kind == Record::Kind::kKernel) {
      ready_kernel(plan[i], steps[i]);
    } else {
      steps[i].loop = std::make_shared<LoopStep>(*plan[i].body);
      for (const Operand& input : plan[i].inputs) steps[i].loop->slots.push_back(input.slot);
      loops.push_back(i);
    }
  }
  elements = elements_of(plan, dims);
  find_forks(plan);
  find_batches(plan);
  find_lives(plan, live);
  for (uint32_t i = 0; i < slot_count; ++i) {
    if (slots[i].external) {
      external_slots.push_back(i);
    } else if (live[i]) {
      kept_slots.push_back(i);
    } else if (first_step[i] >= 0) {
      arena_slots.push_back(i);
    }
  }
  place_slots(plan, live);
  if (donated.empty()) find_donatable(slots);
}

Instance::~Instance() = default;

Tensor Instance::tensor_of(const Operand& operand) {
  if (operand.value == kNoValue) return {};
  TensorImpl* impl = TensorImpl::create();
  Tensor tensor{Intrusive<TensorImpl>::adopt(impl)};
  const int64_t* sizes = dims.data() + operand.dims;
  impl->dtype = operand.dtype;
  impl->device = kCpu;
  impl->sizes.assign(sizes, operand.rank);
  impl->strides.assign(sizes + operand.rank, operand.rank);
  impl->offset = sizes[2 * operand.rank];
  impl->numel = 1;
  for (const int64_t size : impl->sizes) impl->numel *= size;
  impl->contiguous = is_contiguous(impl->sizes, impl->strides);
  impl->storage = Intrusive<Storage>::share(&memory[operand.slot]);
  return tensor;
}

void Instance::ready_tile(const Step& step, ReadyStep& ready, tile::Launch& launch) {
  TileCall typed;
  typed.computed = step.computed;
  typed.space.assign(dims.data() + step.space, step.space_rank);
  typed.row_mask = step.row_mask;
  const size_t inputs = std::max(step.inputs.size(), static_cast<size_t>(step.program.inputs()));
  ready.operands.resize(inputs + step.outputs.size());
  ready.slots.resize(ready.operands.size());
  ready.offsets.resize(ready.operands.size());
  const auto describe = [&](const Operand& operand, bool lacks_rows, size_t at) {
    tile::Operand& described = ready.operands[at];
    if (operand.value == kNoValue) {
      described.strides.resize(typed.space.size());
      ready.slots[at] = kNoValue;
      return;
    }
    describe_operand(step.op ? step.op->name : "update", tensor_of(operand), typed, lacks_rows,
                     step.reversed_rows, described);
    ready.slots[at] = operand.slot;
    ready.offsets[at] = static_cast<char*>(described.data) - kAnywhere;
  };
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    describe(step.inputs[i], step.inputs_lack_rows[i], i);
  }
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    describe(step.outputs[i], step.outputs_lack_rows[i], inputs + i);
  }
  launch.program = &step.program;
  launch.compute = compute_of(step.computed);
  in_launch_order(typed.space, step.row_mask, launch.sizes);
  launch.row_dims = __builtin_popcountll(step.row_mask);
  const std::span<const tile::Operand> operands = ready.operands;
  launch.inputs = operands.first(static_cast<size_t>(step.program.inputs()));
  launch.outputs = operands.subspan(inputs);
  int64_t elements = 1;
  for (const int64_t size : typed.space) elements *= size;
  ready.empty = elements == 0 && step.row_mask == 0;
}

namespace {

enum class Piece : uint8_t { kWhole, kOne, kNeither };

/// Whether the operand's elements lie one after the other in the order of the launch, or are one
/// that repeats.
Piece piece_of(const tile::Operand& operand, const tile::Launch& launch) {
  bool whole = true, one = true;
  int64_t stride = 1;
  for (size_t i = launch.sizes.size(); i-- > 0;) {
    if (launch.sizes[i] == 1) continue;
    whole = whole && operand.strides[i] == stride;
    one = one && operand.strides[i] == 0;
    stride *= launch.sizes[i];
  }
  return whole ? Piece::kWhole : one ? Piece::kOne : Piece::kNeither;
}

bool reads(const Step& step, uint32_t slot) {
  return std::any_of(step.inputs.begin(), step.inputs.end(), [slot](const Operand& input) {
    return input.value != kNoValue && input.slot == slot;
  });
}

bool stores_a_load(const tile::Program& program) {
  const auto code = program.instructions();
  return std::any_of(code.begin(), code.end(), [&](const tile::Instruction& instruction) {
    return instruction.op == tile::Op::kStore && code[instruction.a].op == tile::Op::kLoad;
  });
}

}  // namespace

/// The conditions of dispatch/small_call.h, seen from the launch.
void Instance::ready_small(const Step& step, size_t number) {
  const tile::Launch& launch = launches[number];
  ReadyStep& ready = steps[number];
  const bool one_row = step.row_mask != 0;
  if (step.random || step.reversed_rows ||
      (one_row && launch.row_dims != static_cast<int>(launch.sizes.size()))) {
    return;
  }
  int64_t count = 1;
  for (const int64_t size : launch.sizes) {
    if (size > kMostSmallElements) return;
    count *= size;
    if (count > kMostSmallElements) return;
  }
  if (count == 0) return;
  // Several outputs may be inputs, too, as all is computed before the first store; but what is only
  // loaded and stored is still where it was. And several long ones do better in tiles than on the
  // interpreter.
  constexpr int64_t kMostInPlace = 128;
  const bool has_loop = !one_row && launch.compute == tile::Compute::kF32;
  const bool in_place = (has_loop || count <= kMostInPlace) && !stores_a_load(step.program);
  const size_t inputs = launch.inputs.size();
  for (size_t i = 0; i < inputs; ++i) {
    const Piece piece = piece_of(launch.inputs[i], launch);
    if (piece == Piece::kNeither) return;
    ready.small_inputs.push_back({nullptr, launch.inputs[i].dtype, piece == Piece::kOne});
  }
  for (size_t i = 0; i < launch.outputs.size(); ++i) {
    const tile::Operand& output = launch.outputs[i];
    const bool row = one_row && step.program.is_row_output(static_cast<int>(i));
    if (!row && piece_of(output, launch) != Piece::kWhole) return;
    const uint32_t slot = ready.slots[ready.operands.size() - launch.outputs.size() + i];
    const auto own = std::span(ready.slots).first(inputs);
    if (launch.outputs.size() > 1 && !in_place && !row &&
        std::find(own.begin(), own.end(), slot) != own.end()) {
      return;
    }
    ready.small_outputs.push_back({nullptr, output.dtype});
  }
  tile::SmallLaunch& small = small_launches[number];
  small.program = &step.program;
  small.compute = launch.compute;
  small.count = static_cast<size_t>(count);
  small.one_row = one_row;
  small.inputs = ready.small_inputs;
  small.outputs = ready.small_outputs;
  small.code = &ready.small_code;
  ready.is_small = true;
}

void Instance::point_to(std::span<const Slot> slots, std::span<const Intrusive<Storage>> kept,
                        void* arena) {
  for (const uint32_t slot : external_slots) memory[slot].data = slots[slot].storage->data;
  for (size_t k = 0; k < kept_slots.size(); ++k) memory[kept_slots[k]].data = kept[k]->data;
  point_to_arena(arena);
}

void Instance::point_to(std::span<void* const> externals, void* arena) {
  for (size_t i = 0; i < externals.size(); ++i) memory[external_slots[i]].data = externals[i];
  point_to_arena(arena);
}

size_t Instance::packed_bytes(const Step& step, size_t i) {
  ReadyStep& ready = steps[i];
  if (ready.has_epilogue || ready.batch != 1) return 0;
  return backend_of(kCpu).packed_bytes(kernel_run(step, ready));
}

bool Instance::is_read_once(uint32_t slot, size_t step) const {
  return last_step[slot] == static_cast<int>(step) &&
         std::find(arena_slots.begin(), arena_slots.end(), slot) != arena_slots.end();
}

void Instance::point_to_arena(void* arena) {
  const auto at = [&](size_t number) { return static_cast<char*>(arena) + places[number]; };
  for (const uint32_t slot : arena_slots) memory[slot].data = at(slot);
  for (size_t i = 0; i < loops.size(); ++i) steps[loops[i]].loop->arena = at(slot_count + i);
  for (const Guest& guest : guests) {
    void* const place = static_cast<char*>(memory[guest.home].data) + guest.place;
    if (guest.number < slot_count) {
      memory[guest.number].data = place;
    } else {
      steps[loops[guest.number - slot_count]].loop->arena = place;
    }
  }
}

void Instance::run_loop(size_t step, int64_t rounds) {
  LoopStep& loop = *steps[step].loop;
  loop.memory.clear();
  for (const uint32_t slot : loop.slots) loop.memory.push_back(memory[slot].data);
  loop.body.run(rounds, loop.memory, loop.arena);
}

void Instance::update_launch(const Step& step, size_t i, const Numbers& numbers) {
  ReadyStep& ready = steps[i];
  const auto place_of = [&](size_t k) {
    return static_cast<char*>(memory[ready.slots[k]].data) + ready.offsets[k];
  };
  std::span<const tile::Scalar64> scalars(numbers.scalars);
  if (step.scalars_side_by_side) {
    scalars = scalars.subspan(step.scalars.empty() ? 0 : step.scalars[0], step.scalars.size());
  } else {
    ready.scalars.resize(step.scalars.size());
    for (size_t k = 0; k < step.scalars.size(); ++k) ready.scalars[k] = scalars[step.scalars[k]];
    scalars = ready.scalars;
  }
  const size_t count = ready.operands.size();
  if (ready.is_small) {
    const size_t outputs = ready.small_outputs.size(), inputs = ready.small_inputs.size();
    for (size_t k = 0; k < inputs; ++k) {
      if (ready.slots[k] != kNoValue) ready.small_inputs[k].data = place_of(k);
    }
    for (size_t k = 0; k < outputs; ++k) {
      ready.small_outputs[k].data = place_of(count - outputs + k);
    }
    small_launches[i].scalars = scalars;
    return;
  }
  for (size_t k = 0; k < count; ++k) {
    if (ready.slots[k] != kNoValue) ready.operands[k].data = place_of(k);
  }
  launches[i].scalars = scalars;
  if (step.random) {
    launches[i].seed = static_cast<uint64_t>(numbers.scalars[step.draw].integer);
    launches[i].offset = static_cast<uint64_t>(numbers.scalars[step.draw + 1].integer);
  }
}

void Instance::set_offsets(std::span<const Step> plan, std::span<const int64_t> numbers) {
  if (kept_weights) kept_weights->forget(*this);
  const auto moved = [&](const Operand& operand) {
    const size_t place = operand.dims + 2u * operand.rank;
    return operand.value == kNoValue ? 0 : numbers[place] - dims[place];
  };
  for (size_t i = 0; i < plan.size(); ++i) {
    const Step& step = plan[i];
    ReadyStep& ready = steps[i];
    const bool is_tile = step.kind == Record::Kind::kTile;
    const size_t first_output = is_tile ? ready.operands.size() - step.outputs.size() : 0;
    const auto move = [&](const Operand& operand, size_t at, std::vector<Tensor>& tensors,
                          size_t number) {
      const int64_t elements = moved(operand);
      if (elements == 0) return;
      if (is_tile) {
        ready.offsets[at] += elements * static_cast<ptrdiff_t>(size_of(operand.dtype));
        launch_plans[i] = {};  // outputs may have become inputs, or no longer be
      } else {
        tensors[number].impl()->offset += elements;
      }
    };
    for (size_t k = 0; k < step.inputs.size(); ++k) move(step.inputs[k], k, ready.inputs, k);
    for (size_t k = 0; k < step.outputs.size(); ++k) {
      move(step.outputs[k], first_output + k, ready.outputs, k);
    }
  }
  dims.assign(numbers.begin(), numbers.end());
}

void Instance::ready_kernel(const Step& step, ReadyStep& ready) {
  for (const Operand& input : step.inputs) ready.inputs.push_back(tensor_of(input));
  for (const Operand& output : step.outputs) ready.outputs.push_back(tensor_of(output));
  for (const Tensor& input : ready.inputs) ready.input_list.push_back(&input);
  ready.gains_by_company = step.attribute_count == 0 && step.constants.empty() &&
                           backend_of(kCpu).gains_by_company(kernel_run(step, ready));
}

KernelRun Instance::kernel_run(const Step& step, ReadyStep& ready) {
  return {step.kernel, Call{*step.op, ready.input_list, {}}, ready.outputs};
}

/// Whether the step behind the product runs on its blocks.
bool Instance::has_epilogue(std::span<const Step> plan, size_t product) {
  const size_t i = product + 1;
  if (i == plan.size() || !plan[i].by_blocks || steps[i].is_small || steps[i].empty ||
      !can_run_by_blocks(plan[product], plan[i])) {
    return false;
  }
  return backend_of(kCpu).makes_blocks(kernel_run(plan[product], steps[product]), launches[i]);
}

/// Whether small steps do the same with other memory, so that one piece of code runs them.
bool Instance::is_same_work(std::span<const Step> plan, size_t i, size_t first) const {
  const auto &a = small_launches[first], &b = small_launches[i];
  return !a.one_row && !b.one_row && a.compute == b.compute &&
         plan[first].program == plan[i].program &&
         std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(),
                    [](const auto& x, const auto& y) {
                      return x.dtype == y.dtype && x.repeated == y.repeated;
                    }) &&
         std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(),
                    [](const auto& x, const auto& y) { return x.dtype == y.dtype; });
}

/// Whether step `i` may be of the batch that begins at step `first`, by its kind and size.
bool Instance::can_follow(std::span<const Step> plan, size_t i, size_t first) const {
  constexpr int64_t kLarge = int64_t{1} << 18;
  constexpr size_t kMostKernels = 8;
  if (i == first) return true;
  if (plan[i].kind != plan[first].kind || steps[i].chain != steps[first].chain) return false;
  if (plan[i].kind == Record::Kind::kKernel) {
    return steps[first].gains_by_company && steps[i].gains_by_company && i - first < kMostKernels;
  }
  if (plan[i].kind != Record::Kind::kTile) return false;
  if (plan[i].keeps_weight || plan[first].keeps_weight) return false;
  if (steps[i].is_small || steps[first].is_small) {
    return steps[i].is_small && steps[first].is_small && is_same_work(plan, i, first);
  }
  const auto elements = [&](const Step& step) {
    return product_of(dims, step.space, step.space_rank);
  };
  return elements(plan[i]) < kLarge && elements(plan[first]) < kLarge;
}

/// Tile steps side by side, or kernels, that touch nothing another of them writes. What a batch of
/// tile steps saves is their set-up. In large ones that doesn't show, and the buffers of a batch
/// are all in use at once; small ones have none, but code that does the same work again needn't be
/// entered anew.
void Instance::find_batches(std::span<const Step> plan) {
  for (size_t first = 0; first < plan.size();) {
    steps[first].has_epilogue =
        plan[first].kind == Record::Kind::kKernel && has_epilogue(plan, first);
    if (steps[first].has_epilogue) {
      steps[first].batch = 2;
      first += 2;
      continue;
    }
    std::vector<bool> read(slot_count), written(slot_count);
    size_t end = first;
    for (; end < plan.size() && can_follow(plan, end, first); ++end) {
      bool waits = false;
      for (const Operand& input : plan[end].inputs) {
        waits = waits || (input.value != kNoValue && written[input.slot]);
      }
      for (const Operand& output : plan[end].outputs) {
        waits = waits || written[output.slot] || read[output.slot];
      }
      if (waits) break;
      for (const Operand& input : plan[end].inputs) {
        if (input.value != kNoValue) read[input.slot] = true;
      }
      for (const Operand& output : plan[end].outputs) written[output.slot] = true;
    }
    steps[first].batch = std::max<size_t>(1, end - first);
    for (size_t i = first; i < end && steps[i].gains_by_company; ++i) {
      steps[first].together.push_back(kernel_run(plan[i], steps[i]));
      if (i != first) steps[i].batch = 0;
    }
    first += steps[first].batch;
  }
}

/// Pairs of a slot that a step makes and one that it reads for the last time, element by element in
/// the same order: the former can be written where the latter lies.
Instance::Pairs Instance::in_place(std::span<const Step> plan) const {
  Pairs pairs;
  for (size_t i = 0; i < plan.size(); ++i) {
    const Step& step = plan[i];
    if (step.kind != Record::Kind::kTile || steps[i].batch != 1 || step.reversed_rows) continue;
    const Step* const product = i > 0 && steps[i - 1].has_epilogue ? &plan[i - 1] : nullptr;
    const int now = static_cast<int>(product ? i - 1 : i);
    if (steps[i].is_small && step.outputs.size() > 1) continue;
    for (size_t k = 0; k < step.outputs.size(); ++k) {
      const Operand& output = step.outputs[k];
      if (!output.natural || step.program.is_row_output(static_cast<int>(k)) ||
          first_step[output.slot] != now) {
        continue;
      }
      for (const Operand& input : step.inputs) {
        if (input.value == kNoValue || last_step[input.slot] != now) continue;
        if (product && reads(*product, input.slot)) continue;
        if (steps[i].chain != 0 && !is_of_chain[input.slot]) continue;  // others may read it yet
        if (reads_in_order(step, input.slot, output, dims))
          pairs.emplace_back(output.slot, input.slot);
      }
    }
  }
  return pairs;
}

/// Of all externals, those that are worth a look at who holds them: large, read for the last time
/// before something else could lie there.
void Instance::find_donatable(std::span<const Slot> slots) {
  constexpr size_t kLeast = size_t{64} << 10;
  for (const uint32_t donor : external_slots) {
    if (!slots[donor].natural || bytes[donor] < kLeast) continue;
    const auto could_lie_there = [&](uint32_t slot) {
      return bytes[slot] >= kLeast && bytes[slot] <= bytes[donor] &&
             first_step[slot] >= last_step[donor];
    };
    if (std::any_of(kept_slots.begin(), kept_slots.end(), could_lie_there) ||
        std::any_of(arena_slots.begin(), arena_slots.end(), could_lie_there)) {
      donatable.push_back(donor);
    }
  }
}

/// Has kept slots take donated memory of just their size.
void Instance::find_homes(const Pairs& pairs) {
  kept_homes.assign(kept_slots.size(), kNoValue);
  for (size_t k = 0; k < kept_slots.size(); ++k) {
    const uint32_t slot = kept_slots[k];
    for (const uint32_t donor : donated) {
      const bool is_free =
          last_step[donor] < first_step[slot] ||
          std::find(pairs.begin(), pairs.end(), std::pair(slot, donor)) != pairs.end();
      const bool is_taken =
          std::find(kept_homes.begin(), kept_homes.end(), donor) != kept_homes.end();
      if (!is_free || is_taken || bytes[donor] != bytes[slot]) continue;
      kept_homes[k] = donor;
      break;
    }
  }
}

void Instance::place_slots(std::span<const Step> plan, const std::vector<bool>& live) {
  Pairs pairs = in_place(plan);
  if (!donated.empty()) find_homes(pairs);
  const auto lends = [&](uint32_t slot) {
    return std::find(donated.begin(), donated.end(), slot) != donated.end() &&
           std::find(kept_homes.begin(), kept_homes.end(), slot) == kept_homes.end();
  };
  std::vector<Lifetime> lives;
  for (uint32_t i = 0; i < slot_count; ++i) {
    const bool in_arena = !live[i] && first_step[i] >= 0;
    lives.push_back({in_arena ? bytes[i] : 0, first_step[i], last_step[i]});
    if (in_arena && steps[static_cast<size_t>(first_step[i])].chain != 0) {
      const Step& first = plan[static_cast<size_t>(first_step[i])];
      lives.back().fork = first.fork;
      lives.back().chain = first.chain;
    }
    if (lends(i)) lives.back() = {bytes[i], std::numeric_limits<int>::min(), last_step[i], true};
  }
  for (const size_t step : loops) {
    const auto when = static_cast<int>(step);
    lives.push_back({steps[step].loop->body.arena_bytes(), when, when});
  }
  std::erase_if(pairs, [&](const auto& pair) {
    return live[pair.first] || (live[pair.second] && !lives[pair.second].lends);
  });
  Placement placement = place(lives, pairs);
  places = std::move(placement.places);
  arena_bytes = placement.bytes;
  constexpr size_t kManyBytes = size_t{256} << 10;
  is_long = !loops.empty() || std::accumulate(bytes.begin(), bytes.end(), size_t{0}) >= kManyBytes;
  for (size_t i = 0; i < lives.size(); ++i) {
    const uint32_t home = placement.homes[i];
    if (home != Placement::kArena && home != i) guests.push_back({i, home, places[i]});
  }
  std::erase_if(arena_slots, [&](uint32_t i) { return placement.homes[i] != Placement::kArena; });
}

}  // namespace tenon::graph
