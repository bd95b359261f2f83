#include "tenon/graph/plan/memory_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace tenon::graph {
namespace {

constexpr size_t kMostNamed = 5;

/// The step at which the buffers of the arena that are in use are largest together.
int peak_step(const Instance& instance) {
  std::vector<int64_t> change(instance.steps.size() + 1);
  for (const uint32_t slot : instance.arena_slots) {
    const auto bytes = static_cast<int64_t>(instance.bytes[slot]);
    change[static_cast<size_t>(instance.first_step[slot])] += bytes;
    change[static_cast<size_t>(instance.last_step[slot]) + 1] -= bytes;
  }
  int64_t now = 0, most = -1;
  int peak = 0;
  for (size_t i = 0; i < change.size(); ++i) {
    now += change[i];
    if (now > most) peak = static_cast<int>(i);
    most = std::max(most, now);
  }
  return peak;
}

/// Those that outlive the run, but for those that lie in donated memory.
std::vector<uint32_t> allocated_to_keep(const Instance& instance) {
  std::vector<uint32_t> slots;
  for (size_t k = 0; k < instance.kept_slots.size(); ++k) {
    const bool is_donated = !instance.kept_homes.empty() && instance.kept_homes[k] != kNoValue;
    if (!is_donated) slots.push_back(instance.kept_slots[k]);
  }
  return slots;
}

/// What is allocated at the peak, the largest first.
std::vector<uint32_t> slots_at_peak(const Instance& instance, int peak) {
  std::vector<uint32_t> slots = allocated_to_keep(instance);
  for (const uint32_t slot : instance.arena_slots) {
    if (instance.first_step[slot] <= peak && peak <= instance.last_step[slot]) {
      slots.push_back(slot);
    }
  }
  std::stable_sort(slots.begin(), slots.end(),
                   [&](uint32_t a, uint32_t b) { return instance.bytes[a] > instance.bytes[b]; });
  return slots;
}

std::string type_of_slot(const Graph& graph, const Instance& instance, uint32_t slot) {
  const std::span<const int64_t> sizes =
      std::span(instance.dims).subspan(graph.slots[slot].dims, graph.slots[slot].rank);
  return fmt::format("{}[{}], {}", name_of(graph.slots[slot].dtype), fmt::join(sizes, ", "),
                     bytes_text(instance.bytes[slot]));
}

/// The first write of the slot.
std::string name_of_slot(const Graph& graph, const Instance& instance, uint32_t slot) {
  for (const Step& step : graph.steps) {
    for (const Operand& output : step.outputs) {
      if (output.slot != slot) continue;
      return fmt::format("%{} of {}, {}", output.value, title_of(step),
                         type_of_slot(graph, instance, slot));
    }
  }
  return {};
}

/// The inputs that nobody else held, and what lay in their memory afterwards.
std::string donations(const Graph& graph, const Instance& instance) {
  std::vector<std::string> lines;
  for (const uint32_t donor : instance.donated) {
    const auto kept = std::find(instance.kept_homes.begin(), instance.kept_homes.end(), donor);
    const auto guests =
        std::count_if(instance.guests.begin(), instance.guests.end(),
                      [&](const Instance::Guest& guest) { return guest.home == donor; });
    if (kept == instance.kept_homes.end() && guests == 0) continue;
    const std::string use =
        guests != 0
            ? fmt::format("{} intermediate results", guests)
            : name_of_slot(
                  graph, instance,
                  instance.kept_slots[static_cast<size_t>(kept - instance.kept_homes.begin())]);
    lines.push_back(fmt::format("%{} ({}) to {}", graph.slots[donor].value,
                                type_of_slot(graph, instance, donor), use));
  }
  return lines.empty() ? "" : fmt::format("donated inputs: {}\n", fmt::join(lines, "; "));
}

}  // namespace

std::string bytes_text(size_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (bytes < 1 << 10) return fmt::format("{} B", bytes);
  if (bytes < 1 << 20) return fmt::format("{:.1f} KiB", number / 0x1p10);
  if (bytes < 1 << 30) return fmt::format("{:.1f} MiB", number / 0x1p20);
  return fmt::format("{:.1f} GiB", number / 0x1p30);
}

std::string largest_buffers(const Graph& graph, const Instance& instance) {
  std::vector<uint32_t> slots = slots_at_peak(instance, peak_step(instance));
  slots.resize(std::min(slots.size(), kMostNamed));
  std::vector<std::string> names;
  for (const uint32_t slot : slots) names.push_back(name_of_slot(graph, instance, slot));
  return fmt::format("{}", fmt::join(names, "; "));
}

std::string memory_report(const Graph& graph, const Instance& instance) {
  size_t kept = 0;
  for (const uint32_t slot : allocated_to_keep(instance)) kept += instance.bytes[slot];
  const std::string donated = donations(graph, instance);
  std::string text = fmt::format("memory: {} for intermediate results, {} for what is kept",
                                 bytes_text(instance.arena_bytes), bytes_text(kept));
  if (instance.arena_bytes + kept == 0) return text + "\n" + donated;
  const int peak = peak_step(instance);
  const std::string at = instance.arena_bytes == 0
                             ? "largest"
                             : fmt::format("largest at the peak, step {} ({})", peak,
                                           title_of(graph.steps[static_cast<size_t>(peak)]));
  return fmt::format("{}; {}: {}\n{}", text, at, largest_buffers(graph, instance), donated);
}

}  // namespace tenon::graph
