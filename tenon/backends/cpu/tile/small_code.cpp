#include "tenon/backends/cpu/tile/small_code.h"

#include <optional>

#include "tenon/backends/cpu/tile/jit/small_form.h"

namespace tenon::cpu {

std::shared_ptr<const jit::CodeMemory> small_code(const tile::SmallLaunch& launch,
                                                  const Kernels& table, bool any_count) {
  const std::optional<jit::VectorSet> set = jit::vector_set(table.name);
  if (!set || launch.compute != tile::Compute::kF32) return nullptr;
  jit::SmallForm form;
  form.set = *set;
  if (!any_count) form.count = static_cast<uint32_t>(launch.count);
  form.one_row = launch.one_row;
  form.program = *launch.program;
  for (const tile::SmallLaunch::Input& input : launch.inputs) {
    form.inputs.push_back({input.dtype, input.repeated || form.count == 1, false});
  }
  for (const tile::SmallLaunch::Output& output : launch.outputs) {
    form.outputs.push_back(output.dtype);
  }
  return can_generate(form) ? find_or_generate(form) : nullptr;
}

}  // namespace tenon::cpu
