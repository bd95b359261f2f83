// Registers the CPU with core and dispatch when the library is loaded.

#include "tenon/dispatch/backend.h"

#include "tenon/backends/cpu/allocator.h"
#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/tile/executor.h"

namespace tenon::cpu {
namespace {

constexpr Backend kBackend = {run_tile, run_tile_many, run_small, direct_kernel};

const bool registered = [] {
  register_allocator(kCpu.type, &allocator());
  register_backend(kCpu.type, &kBackend);
  register_kernels();
  return true;
}();

}  // namespace
}  // namespace tenon::cpu
