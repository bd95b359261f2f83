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

/// What is allocated at the peak, the largest first.
std::vector<uint32_t> slots_at_peak(const Instance& instance, int peak) {
  std::vector<uint32_t> slots = instance.kept_slots;
  for (const uint32_t slot : instance.arena_slots) {
    if (instance.first_step[slot] <= peak && peak <= instance.last_step[slot]) {
      slots.push_back(slot);
    }
  }
  std::stable_sort(slots.begin(), slots.end(),
                   [&](uint32_t a, uint32_t b) { return instance.bytes[a] > instance.bytes[b]; });
  return slots;
}

/// The first write of the slot.
std::string name_of_slot(const Graph& graph, const Instance& instance, uint32_t slot) {
  for (const Step& step : graph.steps) {
    for (const Operand& output : step.outputs) {
      if (output.slot != slot) continue;
      const std::span<const int64_t> sizes =
          std::span(instance.dims).subspan(graph.slots[slot].dims, graph.slots[slot].rank);
      return fmt::format("%{} of {}, {}[{}], {}", output.value, title_of(step),
                         name_of(graph.slots[slot].dtype), fmt::join(sizes, ", "),
                         bytes_text(instance.bytes[slot]));
    }
  }
  return {};
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
  for (const uint32_t slot : instance.kept_slots) kept += instance.bytes[slot];
  std::string text = fmt::format("memory: {} for intermediate results, {} for what is kept",
                                 bytes_text(instance.arena_bytes), bytes_text(kept));
  if (instance.arena_bytes + kept == 0) return text + "\n";
  const int peak = peak_step(instance);
  const std::string at = instance.arena_bytes == 0
                             ? "largest"
                             : fmt::format("largest at the peak, step {} ({})", peak,
                                           title_of(graph.steps[static_cast<size_t>(peak)]));
  return fmt::format("{}; {}: {}\n", text, at, largest_buffers(graph, instance));
}

}  // namespace tenon::graph
