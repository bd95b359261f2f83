#include "tenon/graph/trace/miss.h"

#include <fmt/format.h>

#include <atomic>

#include "tenon/base/try_blocks.h"
#include "tenon/dispatch/composition_internal.h"
#include "tenon/graph/compile.h"

namespace tenon::graph {
namespace {

std::atomic<std::string (*)()> place_of_caller{nullptr};
std::atomic<bool (*)()> caller_catches_errors{nullptr};

/// Of one input or result; empty where there is no difference.
std::string difference(const Operand& now, const Operand& before) {
  if ((now.value == kNoValue) != (before.value == kNoValue)) {
    return now.value == kNoValue ? "is left out or a host number, it was a tensor"
                                 : "is a tensor, it was left out or a host number";
  }
  if (now.value == kNoValue) return "";
  if (now.dtype != before.dtype) {
    return fmt::format("is {}, it was {}", tenon::name_of(now.dtype), tenon::name_of(before.dtype));
  }
  if (now.rank != before.rank) {
    return fmt::format("has {} dims, it had {}", now.rank, before.rank);
  }
  if (now.value != before.value || now.slot != before.slot) return "is another tensor";
  if (now.broadcast != before.broadcast) return "broadcasts along other dims";
  if (now.natural != before.natural) {
    return now.natural ? "is all of its storage, it was a part or a view"
                       : "is a part or a view of its storage, it was all of it";
  }
  return "";
}

std::string difference(const std::vector<Operand>& now, const std::vector<Operand>& before,
                       std::string_view what) {
  for (size_t i = 0; i < now.size() && i < before.size(); ++i) {
    const std::string text = difference(now[i], before[i]);
    if (!text.empty()) return fmt::format("{} {} {}", what, i, text);
  }
  return "";
}

}  // namespace

void set_caller_place(std::string (*place)()) { place_of_caller.store(place); }

void set_caller_catches(bool (*catches)()) { caller_catches_errors.store(catches); }

bool caller_catches(const void* frame) {
  const auto catches = caller_catches_errors.load(std::memory_order_relaxed);
  return catches ? catches() : is_in_try_block(frame, composing_functions());
}

std::string caller_place(std::string_view before) {
  const auto place = place_of_caller.load(std::memory_order_relaxed);
  std::string text = place ? place() : std::string();
  return text.empty() ? text : text.insert(0, before);
}

std::string_view name_of(const Record& record) { return record.op ? record.op->name : "update"; }

std::string difference(const Record& now, const Record& before) {
  const std::string_view name = name_of(now);
  if (now.op != before.op) return fmt::format("{} came, it was {}", name, name_of(before));
  if (now.inputs.size() != before.inputs.size()) {
    return fmt::format("{} has {} inputs, it had {}", name, now.inputs.size(),
                       before.inputs.size());
  }
  std::string text = difference(now.inputs, before.inputs, "input");
  if (text.empty()) text = difference(now.outputs, before.outputs, "result");
  if (text.empty() && now.row_mask != before.row_mask) text = "goes along other dims";
  return fmt::format("{}'s {}", name, text.empty() ? "arguments make another program of it" : text);
}

}  // namespace tenon::graph
