#pragma once

#include <atomic>
#include <cstdint>

namespace tenon::tile {

/// What `machine_code_stats` gives; executors count here.
struct MachineCodeCounters {
  std::atomic<int64_t> compiled{0}, nanoseconds{0}, code_bytes{0}, evicted{0}, refused{0}, runs{0},
      interpreted{0};
};

MachineCodeCounters& machine_code_counters();

}  // namespace tenon::tile
