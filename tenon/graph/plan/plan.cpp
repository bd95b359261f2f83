#include "tenon/graph/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/tile_call.h"
#include "tenon/graph/plan/instance.h"

namespace tenon::graph {
namespace {

constexpr size_t kMostInstances = 64;

}  // namespace

Plan::Plan(std::vector<Step> steps, std::vector<bool> live, std::vector<EqualDims> assumed)
    : steps_(std::move(steps)), live_(std::move(live)), assumed_(std::move(assumed)) {
  live_bits_.resize((live_.size() + 63) / 64);
  for (size_t i = 0; i < live_.size(); ++i) live_bits_[i / 64] |= uint64_t{live_[i]} << i % 64;
  for (Step& step : steps_) {
    for (size_t i = 1; i < step.scalars.size(); ++i) {
      step.scalars_side_by_side &= step.scalars[i] == step.scalars[0] + i;
    }
  }
}

Plan::~Plan() = default;

bool Plan::fits(std::span<const int64_t> dims) const {
  return std::all_of(assumed_.begin(), assumed_.end(), [&](const EqualDims& e) {
    return std::equal(dims.begin() + e.a, dims.begin() + e.a + e.count, dims.begin() + e.b);
  });
}

Instance* Plan::instance_for(std::span<const Slot> slots, const Numbers& numbers) {
  const std::span<const int64_t> dims = numbers.dims;
  for (size_t i = 0; i < instances_.size(); ++i) {
    const std::vector<int64_t>& known = instances_[i]->dims;
    if (!std::equal(known.begin(), known.end(), dims.begin(), dims.end())) continue;
    if (i != 0) {
      std::rotate(instances_.begin(), instances_.begin() + static_cast<ptrdiff_t>(i),
                  instances_.begin() + static_cast<ptrdiff_t>(i) + 1);
    }
    return instances_.front().get();
  }
  if (!fits(dims)) return nullptr;
  if (instances_.size() == kMostInstances) instances_.pop_back();
  instances_.insert(instances_.begin(), std::make_unique<Instance>(steps_, live_, slots, dims));
  return instances_.front().get();
}

size_t Plan::arena_bytes() const {
  return instances_.empty() ? 0 : instances_.front()->arena_bytes;
}

void Plan::run(Instance& instance, std::span<const Slot> slots, const Numbers& numbers,
               std::vector<Intrusive<Storage>>& kept) {
  Allocator& allocator = allocator_of(kCpu);
  Intrusive<Storage> arena;
  if (instance.arena_bytes != 0) {
    arena = Intrusive<Storage>::adopt(allocator.allocate(instance.arena_bytes, kCpu));
  }
  for (const uint32_t slot : instance.kept_slots) {
    kept.push_back(Intrusive<Storage>::adopt(allocator.allocate(instance.bytes[slot], kCpu)));
  }
  instance.point_to(slots, kept, arena ? arena->data : nullptr);
  const NoGrad no_grad;
  size_t done = 0;
  try {
    for (; done < steps_.size(); done += instance.steps[done].batch) {
      if (steps_[done].kind == Record::Kind::kKernel) {
        run_kernel(done, instance, numbers);
      } else {
        run_tiles(done, instance, numbers);
      }
    }
  } catch (...) {
    for (size_t k = 0; k < kept.size(); ++k) {
      if (instance.last_write[instance.kept_slots[k]] >= static_cast<int>(done)) kept[k] = {};
    }
    throw;
  }
}

void Plan::run_kernel(size_t i, Instance& instance, const Numbers& numbers) const {
  const Step& step = steps_[i];
  Instance::ReadyStep& ready = instance.steps[i];
  const Call call{*step.op, ready.input_list,
                  std::span(numbers.attributes).subspan(step.attributes, step.attribute_count)};
  step.kernel(call, ready.outputs);
}

/// The steps from `first` on that run at once.
void Plan::run_tiles(size_t first, Instance& instance, const Numbers& numbers) const {
  Instance::ReadyStep& ready = instance.steps[first];
  const Backend& backend = backend_of(kCpu);
  for (size_t i = first; i < first + ready.batch; ++i) {
    instance.update_launch(steps_[i], i, numbers);
  }
  if (ready.is_small) {
    if (backend.run_small(ready.small)) return;
    // Not a program for it: this is so each time.
    ready.is_small = false;
    instance.update_launch(steps_[first], first, numbers);
  }
  if (ready.batch > 1) {
    backend.run_tile_many({&instance.launches[first], ready.batch});
  } else if (!ready.empty) {
    backend.run_tile(instance.launches[first]);
  }
}

std::string Plan::to_text() const {
  std::string text;
  const auto name = [](const OpDef* op) { return op ? op->name : std::string_view("update"); };
  for (const Step& step : steps_) {
    std::string line;
    for (const Operand& output : step.outputs) {
      line += fmt::format("{}%{}", line.empty() ? "" : ", ", output.value);
    }
    line += " = ";
    if (step.members.empty()) {
      line += name(step.op);
    } else {
      for (size_t i = 0; i < step.members.size(); ++i) {
        line += fmt::format("{}{}", i ? "+" : "", name(step.members[i]));
      }
    }
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      line += step.inputs[i].value == kNoValue
                  ? fmt::format("{}none", i ? ", " : "(")
                  : fmt::format("{}%{}", i ? ", " : "(", step.inputs[i].value);
    }
    text += line + (step.inputs.empty() ? "()\n" : ")\n");
  }
  return text;
}

}  // namespace tenon::graph
