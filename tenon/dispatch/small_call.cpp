#include "tenon/dispatch/small_call.h"

#include "tenon/dispatch/backend.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/tile_call.h"

namespace tenon {
namespace {

constexpr size_t kMostInputs = 4;

bool is_plain(const OpDef& op) {
  return op.kind == OpKind::kTile && !op.row_dims && !op.shape_rule && !op.uses_generator &&
         op.result_count == 1;
}

/// The largest input when all others have its sizes or one element (and no more dims), else null.
const TensorImpl* leader_of(const Call& call) {
  const TensorImpl* leader = nullptr;
  for (const Tensor* input : call.inputs) {
    if (!input->defined()) continue;
    const TensorImpl* impl = input->impl();
    if (impl->device.type != kCpu.type || !impl->contiguous || impl->numel > kMostSmallElements ||
        !impl->storage->data) {
      return nullptr;
    }
    if (!leader || impl->numel > leader->numel ||
        (impl->numel == leader->numel && impl->sizes.size() > leader->sizes.size())) {
      leader = impl;
    }
  }
  if (!leader || leader->numel == 0) return nullptr;
  for (const Tensor* input : call.inputs) {
    if (!input->defined()) continue;
    const TensorImpl* impl = input->impl();
    const bool repeated = impl->numel == 1 && impl->sizes.size() <= leader->sizes.size();
    if (!repeated && !(impl->sizes == leader->sizes)) return nullptr;
  }
  return leader;
}

/// Whether all of the call's space is one row.
bool is_one_row(const Call& call, const TileCall& typed) {
  const OpDef& op = call.op;
  const uint64_t all = (uint64_t{1} << typed.space.size()) - 1;
  return op.row_dims && typed.row_mask == all && op.row_inputs == 0 && !op.reversed_rows &&
         !call.inputs.empty() && call.inputs.size() <= kMostInputs;
}

/// Whether writing `output` step by step could change an input that is still to be read.
bool shares_storage(const TensorImpl* output, const TensorImpl* input) {
  return output->storage == input->storage &&
         !(output->offset == input->offset && output->numel == input->numel &&
           output->dtype == input->dtype);
}

}  // namespace

bool run_small_call(const Call& call, Tensor& output) {
  const OpDef& op = call.op;
  if (!is_plain(op) || call.inputs.size() > kMostInputs) return false;
  const TensorImpl* leader = leader_of(call);
  if (!leader) return false;
  const DType computed = computed_dtype(call);
  if (is_complex(computed)) return false;
  const DType result = result_dtype(op.results[0], computed);
  const bool in_place = output.defined();
  if (in_place &&
      (!output.is_contiguous() || output.sizes() != leader->sizes || output.dtype() != result)) {
    return false;
  }
  tile::SmallLaunch::Input inputs[kMostInputs];
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    if (!call.has(i)) continue;
    const TensorImpl* impl = call.input(i).impl();
    if (in_place && shares_storage(output.impl(), impl)) return false;
    inputs[i] = {impl->bytes(), impl->dtype, impl->numel == 1 && leader->numel != 1};
  }
  tile::Scalar64 scalars[8];
  const size_t scalar_count = collect_scalars(call, scalars);
  tile::SmallLaunch launch;
  launch.program = &op.program(op.variant_rule ? op.variant_rule(call) : 0);
  launch.compute = compute_of(computed);
  launch.count = static_cast<size_t>(leader->numel);
  launch.inputs = {inputs, call.inputs.size()};
  launch.scalars = {scalars, scalar_count};
  Tensor made = output;
  if (!in_place) {
    made = new_tensor(leader->sizes, result, leader->device);
    made.impl()->inference = modes().inference;
  }
  const tile::SmallLaunch::Output out{made.impl()->bytes(), result};
  launch.outputs = {&out, 1};
  if (!backend_of(leader->device).run_small(launch)) return false;
  output = std::move(made);
  return true;
}

bool run_small_row(const Call& call, const TileCall& typed, std::span<const Tensor> outputs) {
  if (!is_one_row(call, typed)) return false;
  const Device device = outputs[0].device();
  tile::SmallLaunch launch;
  launch.count = 1;
  for (const int64_t size : typed.space) launch.count *= static_cast<size_t>(size);
  if (launch.count == 0 || launch.count > kMostSmallElements) return false;
  tile::SmallLaunch::Input inputs[kMostInputs];
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    if (!call.has(i)) continue;
    const TensorImpl* impl = call.input(i).impl();
    const auto count = static_cast<size_t>(impl->numel);
    if (impl->device != device || !impl->contiguous || (count != launch.count && count != 1)) {
      return false;
    }
    inputs[i] = {impl->bytes(), impl->dtype, count == 1 && launch.count != 1};
  }
  tile::SmallLaunch::Output results[4];
  for (size_t i = 0; i < outputs.size(); ++i) {
    results[i] = {outputs[i].impl()->bytes(), outputs[i].dtype()};
  }
  tile::Scalar64 scalars[8];
  const size_t scalar_count = collect_scalars(call, scalars);
  launch.program = &call.op.program(typed.variant);
  launch.compute = compute_of(typed.computed);
  launch.one_row = true;
  launch.inputs = {inputs, call.inputs.size()};
  launch.outputs = {results, outputs.size()};
  launch.scalars = {scalars, scalar_count};
  return backend_of(device).run_small(launch);
}

}  // namespace tenon
