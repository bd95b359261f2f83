#include "tenon/tile/machine_code.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "tenon/base/error.h"
#include "tenon/tile/machine_code_internal.h"

namespace tenon::tile {
namespace {

MachineCodeMode mode_of_environment() {
  const char* given = std::getenv("TENON_MACHINE_CODE");
  const std::string_view text = given == nullptr ? "hot" : given;
  if (text == "off") return MachineCodeMode::kOff;
  if (text == "hot") return MachineCodeMode::kHot;
  if (text == "always") return MachineCodeMode::kAlways;
  fail<ValueError>("TENON_MACHINE_CODE",
                   fmt::format("expected off, hot or always, got \"{}\"", text));
}

std::atomic<MachineCodeMode>& mode() {
  static std::atomic<MachineCodeMode> instance{mode_of_environment()};
  return instance;
}

}  // namespace

MachineCodeCounters& machine_code_counters() {
  static MachineCodeCounters instance;
  return instance;
}

MachineCodeStats machine_code_stats() {
  const MachineCodeCounters& c = machine_code_counters();
  return {c.compiled, c.nanoseconds / 1000, c.code_bytes, c.evicted, c.refused,
          c.runs,     c.interpreted};
}

void set_machine_code(MachineCodeMode wanted) { mode() = wanted; }
MachineCodeMode machine_code() { return mode().load(std::memory_order_relaxed); }

}  // namespace tenon::tile
