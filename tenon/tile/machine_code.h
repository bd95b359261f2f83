#pragma once

#include <cstdint>

#include "tenon/base/export.h"

namespace tenon::tile {

/// When tile programs run as machine code that is made for them at run time, and not on the
/// interpreter. Both give the same bits.
enum class MachineCodeMode : uint8_t {
  kOff,
  kHot,     ///< once a program has run so long that making code pays; the mode at the start
  kAlways,  ///< from the first run; for tests
};

/// What happened to tile programs in this process so far.
struct MachineCodeStats {
  int64_t compiled = 0;      ///< passes, or whole small launches, turned into machine code
  int64_t microseconds = 0;  ///< that this took
  int64_t code_bytes = 0;    ///< of memory that code lies in now
  int64_t evicted = 0;       ///< codes that were dropped to make room for others
  int64_t refused = 0;       ///< codes that the system gave no executable memory for
  int64_t runs = 0;         ///< in which machine code did at least one pass; small ones don't count
  int64_t interpreted = 0;  ///< runs without
};

TENON_API MachineCodeStats machine_code_stats();

/// For the whole process. The environment variable TENON_MACHINE_CODE (off, hot or always) says
/// what holds at the start.
TENON_API void set_machine_code(MachineCodeMode mode);
TENON_API MachineCodeMode machine_code();

}  // namespace tenon::tile
