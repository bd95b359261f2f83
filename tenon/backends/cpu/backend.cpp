// Registers the CPU with core and dispatch when the library is loaded.

#include "tenon/dispatch/backend.h"

#include <dnnl.h>
#include <fmt/format.h>

#include "tenon/backends/cpu/allocator.h"
#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/backends/cpu/tile/isa.h"

namespace tenon::cpu {
namespace {

std::vector<std::pair<std::string, std::string>> describe() {
  std::string sets;
  for (const std::string& set : available_instruction_sets()) {
    sets += (sets.empty() ? "" : ", ") + set;
  }
  const dnnl_version_t* dnnl = dnnl_version();
  return {
      {"instruction sets", sets},
      {"instruction set", instruction_set()},
      {"oneDNN", fmt::format("{}.{}.{}", dnnl->major, dnnl->minor, dnnl->patch)},
      {"OpenMP", fmt::format("{}", _OPENMP)},
  };
}

size_t packed_bytes(const KernelRun& run) {
  return folds_filters(run) ? folded_bytes(run) : product_packed_bytes(run);
}

void pack(const KernelRun& run, void* packed) {
  folds_filters(run) ? fold_filters(run, packed) : pack_product(run, packed);
}

void run_packed(const KernelRun& run, const void* packed) {
  folds_filters(run) ? run_folded(run, packed) : run_packed_product(run, packed);
}

constexpr Backend kBackend = {
    .run_tile = run_tile,
    .run_tile_many = run_tile_many,
    .run_small = run_small,
    .run_small_many = run_small_many,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run_packed = run_packed,
    .gains_by_company = products_gain_by_company,
    .run_together = run_products,
    .makes_blocks = products_make_blocks,
    .run_by_blocks = run_product_by_blocks,
    .direct_kernel = direct_kernel,
    .describe = describe,
};

const bool registered = [] {
  register_allocator(kCpu.type, &allocator());
  register_backend(kCpu.type, &kBackend);
  register_kernels();
  return true;
}();

}  // namespace
}  // namespace tenon::cpu
