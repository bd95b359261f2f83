#include "tenon/dispatch/dispatch.h"

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/base/long_work.h"
#include "tenon/core/promotion.h"
#include "tenon/dispatch/autocast_internal.h"
#include "tenon/dispatch/composition_internal.h"
#include "tenon/dispatch/deferral.h"
#include "tenon/dispatch/modes.h"
#include "tenon/dispatch/profile.h"
#include "tenon/dispatch/small_call.h"
#include "tenon/dispatch/tile_call.h"

namespace tenon {
namespace {

constinit const Recorder* recorder = nullptr;

/// Bit i: input i requires a gradient; the last bit stands for all further ones of a list.
uint32_t inputs_with_gradient(const Call& call) {
  uint32_t wanted = 0;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    if (call.has(i) && call.input(i).requires_grad()) wanted |= 1u << std::min<size_t>(i, 31);
  }
  return wanted;
}

bool wants_gradient(const Call& call, const Modes& mode) {
  if (!mode.grad) return false;
  for (const Tensor* input : call.inputs) {
    const TensorImpl* const impl = input->impl();
    if (!impl) continue;
    if (impl->requires_grad || (impl->base && input->requires_grad())) return true;
  }
  return false;
}

bool wants_gradient(const Call& call) { return wants_gradient(call, modes()); }

[[noreturn]] void fail_undefined(const Call& call, size_t i) {
  fail<ValueError>(call.op.name,
                   fmt::format("argument {} is an undefined tensor; pass one that was "
                               "made by a function such as zeros()",
                               i));
}

/// The device of the inputs; 0-d host tensors go with any other device.
Device device_of(const Call& call) {
  const Tensor* first = nullptr;
  for (const Tensor* input : call.inputs) {
    if (!input->defined()) continue;
    if (!first ||
        (first->device() != input->device() && first->dim() == 0 && first->device() == kCpu)) {
      first = input;
    } else if (input->device() != first->device() &&
               !(input->dim() == 0 && input->device() == kCpu)) {
      fail<DeviceError>(
          call.op.name,
          fmt::format("expected tensors on one device, got '{}' and '{}'; move one with "
                      "to(device)",
                      to_string(first->device()), to_string(input->device())));
    }
  }
  if (first) return first->device();
  for (const Attribute& attribute : call.attributes) {
    if (attribute.is_device()) return attribute.as<Device>();
  }
  return kCpu;
}

void check_defined(const Call& call) {
  const auto defined = [](const Tensor* tensor) { return tensor->defined(); };
  if (std::all_of(call.inputs.begin(), call.inputs.end(), defined)) return;
  size_t input = 0;
  for (const ParamInfo& param : call.op.params) {
    if (param.type == ParamType::kOptionalTensor) {
      ++input;
    } else if (param.type == ParamType::kTensor || param.type == ParamType::kTensorOrScalar) {
      if (!call.inputs[input]->defined()) fail_undefined(call, input);
      ++input;
    } else if (param.type == ParamType::kTensorList) {
      for (; input < call.inputs.size(); ++input) {
        if (!call.inputs[input]->defined()) fail_undefined(call, input);
      }
    }
  }
}

void check_accepted(const Call& call) {
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    const Tensor& input = call.input(i);
    const bool special = i < std::size(call.op.accepted_input) && call.op.accepted_input[i] != 0;
    const DTypeSet accepted = special ? call.op.accepted_input[i] : call.op.accepted;
    if (input.defined() && !contains(accepted, input.dtype())) {
      fail<DTypeError>(call.op.name,
                       fmt::format("argument {} is {}; expected one of {}; convert with to(k...)",
                                   i, name_of(input.dtype()), to_string(accepted)));
    }
  }
}

/// A result; where it can't be had, the error names the call and the sizes.
Tensor new_result(const Call& call, const Spec& spec, Device device) {
  try {
    return new_tensor(spec.sizes, spec.dtype, device);
  } catch (const ShapeError& error) {
    fail<ShapeError>(call.op.name, std::string(without_call(error.what())));
  } catch (const OutOfMemoryError& error) {
    fail<OutOfMemoryError>(
        call.op.name,
        fmt::format("no room for a tensor of sizes {} and dtype {}: {}", to_string(spec.sizes),
                    name_of(spec.dtype), without_call(error.what())));
  }
}

void allocate(const Call& call, const Specs& specs, Device device, std::span<Tensor> outputs) {
  for (size_t i = 0; i < specs.count; ++i) {
    outputs[i] = new_result(call, specs.values[i], device);
    outputs[i].impl()->inference = modes().inference;
  }
}

Kernel kernel_for(const Call& call, Device device) {
  Kernel kernel = static_cast<int>(call.op.id) < kOpCount ? find_kernel(call.op.id, device)
                                                          : call.op.custom_kernels[device.type];
  if (!kernel) {
    fail<DeviceError>(call.op.name,
                      fmt::format("device '{}' has no kernel for it", to_string(device)));
  }
  return kernel;
}

/// Tile programs are real: calls that read or make complex numbers go to a kernel of the op's own.
bool has_complex(const Call& call, const TileCall& typed) {
  if (is_complex(typed.computed) || is_complex(typed.results.values[0].dtype)) return true;
  if (call.op.computed_in != ComputedIn::kResult) return false;
  // sum(z, dtype=float32) reads its input, zeros_like(z, float32) doesn't.
  const auto reads = static_cast<size_t>(call.op.program(typed.variant).inputs());
  for (size_t i = 0; i < std::min(reads, call.inputs.size()); ++i) {
    if (call.has(i) && call.input(i).is_complex()) return true;
  }
  return false;
}

/// Of a call that runs at once: its inputs may come from a compiled function of another thread.
void check_inputs_have_data(const Call& call) {
  for (const Tensor* input : call.inputs) {
    if (!input->defined() || input->impl()->storage->data) continue;
    if (input->device() != kMeta) check_has_data(*input->impl()->storage);
  }
}

void run_typed_tile(const Call& call, const TileCall& typed, Device device,
                    std::span<Tensor> outputs) {
  allocate(call, typed.results, device, outputs);
  if (device == kMeta) return;
  check_inputs_have_data(call);
  if (has_complex(call, typed)) {
    kernel_for(call, device)(call, outputs);
  } else if ((outputs[0].numel() != 0 || typed.row_mask != 0) &&
             !run_small_row(call, typed, outputs)) {
    run_tile_call(call, typed, outputs);
  }
}

void run_tile_op(const Call& call, Device device, std::span<Tensor> outputs) {
  const TileCall typed = type_tile_call(call);
  Deferrer* const deferrer = modes().deferrer;
  if (!deferrer || device == kMeta) [[likely]] {
    return run_typed_tile(call, typed, device, outputs);
  }
  if (!has_complex(call, typed) && deferrer->defer_tile(call, typed, outputs)) return;
  deferrer->flush();
  const NotDeferred at_once;
  run_typed_tile(call, typed, device, outputs);
}

void run_kernel_op(const Call& call, Device device, std::span<Tensor> outputs) {
  if (Deferrer* const deferrer = modes().deferrer; deferrer && device != kMeta) [[unlikely]] {
    if (call.op.shape_rule && deferrer->defer_kernel(call, call.op.shape_rule(call), outputs)) {
      return;
    }
    deferrer->flush();
    const NotDeferred at_once;
    return run_kernel_op(call, device, outputs);
  }
  if (call.op.shape_rule) {
    allocate(call, call.op.shape_rule(call), device, outputs);
    if (device == kMeta) return;
  } else if (device == kMeta) {
    fail<DeviceError>(
        call.op.name,
        "the sizes of its result depend on data, which a tensor on 'meta' doesn't have");
  }
  check_inputs_have_data(call);
  kernel_for(call, device)(call, outputs);
}

/// The direct path: one micro-op over equal, contiguous, small tensors. False when it doesn't
/// apply.
bool run_direct(const Call& call, Tensor& output) {
  const OpDef& op = call.op;
  const size_t count = call.inputs.size();
  if (op.kind != OpKind::kTile || op.row_dims || op.variant_rule || count == 0 || count > 2) {
    return false;
  }
  const Tensor& a = call.input(0);
  const Tensor& b = call.input(count - 1);
  if (!a.defined() || !b.defined()) return false;
  const TensorImpl* x = a.impl();
  const TensorImpl* y = b.impl();
  constexpr int64_t kMostElements = 4096;
  if (x->dtype != y->dtype || x->device.type != kCpu.type || y->device.type != kCpu.type ||
      x->numel > kMostElements || !x->contiguous || !y->contiguous || x->sizes != y->sizes ||
      !x->storage->data || !y->storage->data) {
    return false;
  }
  const DType dtype = x->dtype;
  if (dtype != kFloat32 && dtype != kFloat64 && dtype != kInt64) return false;
  DirectKernel kernel = op.direct_kernel(dtype);
  if (!kernel) return false;
  output = new_tensor_like(a, dtype);
  output.impl()->inference = modes().inference;
  kernel(x->bytes(), y->bytes(), output.impl()->bytes(), static_cast<size_t>(x->numel));
  return true;
}

/// Whether a compiled function has taken the call over, knowing it from before.
bool repeats(const Call& call, std::span<Tensor> outputs) {
  Deferrer* const deferrer = modes().deferrer;
  return deferrer && deferrer->repeat(call, outputs);
}

/// Whether the call is what other ops make of complex numbers.
bool composes_complex(const Call& call) {
  const auto is_complex = [](const Tensor* x) { return x->defined() && x->is_complex(); };
  return call.op.complex_composition && std::ranges::any_of(call.inputs, is_complex);
}

/// Whether its parts record themselves.
bool runs_by_parts(const Call& call) {
  return (call.op.kind == OpKind::kComposition && !call.op.vjp_rule) || composes_complex(call);
}

void run(const Call& call, std::span<Tensor> outputs) {
  check_defined(call);
  const bool complex = composes_complex(call);
  const auto composition = complex ? call.op.complex_composition : call.op.composition;
  switch (complex ? OpKind::kComposition : call.op.kind) {
    case OpKind::kTile:
      run_tile_op(call, device_of(call), outputs);
      break;
    case OpKind::kKernel:
      check_accepted(call);
      run_kernel_op(call, device_of(call), outputs);
      break;
    case OpKind::kView: {
      const ViewSpec view = call.op.view_rule(call);
      outputs[0] = new_view(call.input(0), view.sizes, view.strides, view.offset);
      if (view.dtype) outputs[0].impl()->dtype = *view.dtype;
      // Writes through detach() and its like don't enter the base's history.
      if (call.op.nondifferentiable) outputs[0].impl()->base = {};
      break;
    }
    case OpKind::kComposition:
      run_composition(composition, call, outputs);
      break;
    case OpKind::kUndefined:
      fail<ValueError>(call.op.name,
                       "its definition says no way to run it: call tile(), view(), "
                       "kernel() or compose() there");
  }
}

/// Whether writing `self` while reading `input` goes wrong: same memory, read in another order.
bool overlaps_differently(const Tensor& self, const Tensor& input) {
  if (!input.defined() || input.impl()->storage != self.impl()->storage) return false;
  return input.storage_offset() != self.storage_offset() || input.sizes() != self.sizes() ||
         input.strides() != self.strides() || input.dtype() != self.dtype();
}

void check_inplace_result(const Call& call, const Spec& result, const Tensor& self) {
  if (result.sizes != self.sizes()) {
    fail<ShapeError>(call.op.name,
                     fmt::format("in place: the result has sizes {}, the tensor {}; use "
                                 "the out-of-place op",
                                 to_string(result.sizes), to_string(self.sizes())));
  }
  if (!can_cast(result.dtype, self.dtype())) {
    fail<DTypeError>(call.op.name,
                     fmt::format("in place: a result of {} doesn't fit a tensor of {}; "
                                 "use the out-of-place op",
                                 name_of(result.dtype), name_of(self.dtype())));
  }
}

/// A 0-d host tensor goes with any device, but nothing else is written into it.
void check_inplace_device(const Call& call, const Tensor& self) {
  const Device device = device_of(call);
  if (device == self.device()) return;
  fail<DeviceError>(call.op.name,
                    fmt::format("in place: expected tensors on '{}', got one on '{}'; move it with "
                                "to(device)",
                                to_string(self.device()), to_string(device)));
}

void run_inplace(const Call& call, const Tensor& self) {
  if (call.op.kind == OpKind::kTile) {
    check_defined(call);
    Deferrer* const deferrer = modes().deferrer;
    if (Tensor result = self;
        deferrer ? deferrer->repeat_into(call, self) : run_small_call(call, result)) {
      bump_version(self, call.op.name.data());
      return;
    }
    check_inplace_device(call, self);
    const TileCall typed = type_tile_call(call);
    check_inplace_result(call, typed.results.values[0], self);
    bool overlap = typed.row_mask != 0;
    for (const Tensor* input : call.inputs) overlap = overlap || overlaps_differently(self, *input);
    // Of complex kernels, copy's alone takes results of any strides; the others end in it.
    const bool complex = is_complex(self.dtype()) || is_complex(typed.computed);
    if (!overlap && (!complex || call.op.id == OpId::kCopy)) {
      if (deferrer && self.device() != kMeta) {
        if (!complex && deferrer->defer_tile_into(call, typed, self)) {
          bump_version(self, call.op.name.data());
          return;
        }
        deferrer->flush();
        const NotDeferred at_once;
        return run_inplace(call, self);
      }
      if (self.device() != kMeta && self.numel() != 0) {
        check_inputs_have_data(call);
        const Uninterrupted whole;
        if (complex) {
          Tensor result = self;
          kernel_for(call, self.device())(call, {&result, 1});
        } else {
          run_tile_call(call, typed, {&self, 1});
        }
      }
      bump_version(self, call.op.name.data());
      return;
    }
  }
  const NoGrad no_grad;
  Tensor result;
  if (!repeats(call, {&result, 1})) run(call, {&result, 1});
  check_inplace_result(call, {result.dtype(), result.sizes()}, self);
  const Tensor* const inputs[] = {&self, &result};
  const Call copy{op_definition(OpId::kCopy), inputs, {}};
  dispatch_inplace(copy, self);
  self.impl()->storage->writer.store(call.op.name.data(), std::memory_order_relaxed);
}

/// Ops that a compiled function takes over run later, as steps of its plans.
bool is_profiled(const Modes& mode) { return is_profiling() && !mode.deferrer; }

void dispatch_unprofiled(const Call& call, std::span<Tensor> outputs);
const Tensor& write_inplace(const Call& call, const Tensor& self);

[[gnu::noinline, gnu::cold]] void dispatch_profiled(const Call& call, std::span<Tensor> outputs) {
  ProfiledCall profiled(call);
  dispatch_unprofiled(call, outputs);
  profiled.end(outputs);
}

/// A call under autocast, whose op wants its inputs cast.
[[gnu::noinline, gnu::cold]] void dispatch_cast(const Call& call, std::span<Tensor> outputs) {
  const CastInputs inputs(call);
  const AutocastMode off(kFloat32);
  dispatch(Call{call.op, inputs, call.attributes}, outputs);
}

/// A call that no compiled function knows.
void dispatch_anew(const Call& call, std::span<Tensor> outputs) {
  if (!wants_gradient(call)) {
    run(call, outputs);
    return;
  }
  if (runs_by_parts(call)) return run(call, outputs);
  {
    const NoGrad no_grad;
    run(call, outputs);
  }
  recorder->record(call, outputs);
}

bool broadcasts_itself(const Tensor& self) {
  if (self.numel() == 0) return false;
  for (size_t i = 0; i < self.sizes().size(); ++i) {
    if (self.strides()[i] == 0 && self.sizes()[i] > 1) return true;
  }
  return false;
}

/// The inputs, but for the first, that the gradient needs as they were and that lie where the write
/// goes.
std::vector<size_t> saved_parts_of(const Tensor& self, const Call& call) {
  std::vector<size_t> parts;
  const uint32_t wanted = inputs_with_gradient(call);
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    if (!call.has(i) || !call.op.saves(i, wanted)) continue;
    if (call.input(i).impl()->storage == self.impl()->storage) parts.push_back(i);
  }
  return parts;
}

const Tensor& write_with_copies(const Call& call, const std::vector<size_t>& which,
                                const Tensor& self) {
  std::vector<const Tensor*> inputs(call.inputs.begin(), call.inputs.end());
  std::vector<Tensor> copies;
  copies.reserve(which.size());
  for (const size_t i : which) {
    const Tensor* const source[] = {inputs[i]};
    copies.push_back(dispatch(Call{op_definition(OpId::kClone), source, {}}));
    inputs[i] = &copies.back();
  }
  return dispatch_inplace(Call{call.op, inputs, call.attributes}, self);
}

}  // namespace

void set_recorder(const Recorder* r) { recorder = r; }

void record(const Call& call, std::span<Tensor> outputs) {
  if (wants_gradient(call)) recorder->record(call, outputs);
}

Tensor dispatch(const Call& call) {
  Tensor output;
  const Modes& mode = modes();
  if (is_profiled(mode)) [[unlikely]] {
    dispatch_profiled(call, {&output, 1});
    return output;
  }
  if (is_cast(call, mode)) [[unlikely]] {
    dispatch_cast(call, {&output, 1});
    return output;
  }
  if (Deferrer* const deferrer = mode.deferrer) [[unlikely]] {
    if (!deferrer->repeat(call, {&output, 1})) {
      dispatch_anew(call, {&output, 1});
    } else if (wants_gradient(call, mode)) {
      recorder->record(call, {&output, 1});
    }
    return output;
  }
  if (run_direct(call, output)) [[likely]] {
    if (wants_gradient(call, mode)) recorder->record(call, {&output, 1});
    return output;
  }
  if (call.op.kind == OpKind::kTile) {
    check_defined(call);
    if (run_small_call(call, output)) {
      if (wants_gradient(call, mode)) recorder->record(call, {&output, 1});
      return output;
    }
  }
  dispatch(call, {&output, 1});
  return output;
}

void dispatch(const Call& call, std::span<Tensor> outputs) {
  if (is_profiled(modes())) [[unlikely]]
    return dispatch_profiled(call, outputs);
  dispatch_unprofiled(call, outputs);
}

namespace {

void dispatch_unprofiled(const Call& call, std::span<Tensor> outputs) {
  if (is_cast(call, modes())) [[unlikely]]
    return dispatch_cast(call, outputs);
  if (!repeats(call, outputs)) return dispatch_anew(call, outputs);
  if (wants_gradient(call)) recorder->record(call, outputs);
}

}  // namespace

std::vector<Tensor> dispatch_list(const Call& call) {
  check_defined(call);
  if (is_cast(call, modes())) [[unlikely]] {
    const CastInputs inputs(call);
    const AutocastMode off(kFloat32);
    return dispatch_list(Call{call.op, inputs, call.attributes});
  }
  return run_list_composition(call);
}

const Tensor& dispatch_inplace(const Call& call, const Tensor& self) {
  if (is_profiled(modes())) [[unlikely]] {
    ProfiledCall profiled(call);
    const Tensor& result = write_inplace(call, self);
    profiled.end({&self, 1});
    return result;
  }
  return write_inplace(call, self);
}

namespace {

/// A composition without a gradient rule of its own, written in place: its parts record themselves
/// on a copy of what the write overwrites, which their gradients may need.
const Tensor& write_composition(const Call& call, const Tensor& self) {
  recorder->check_inplace(call, self);
  std::vector<const Tensor*> inputs(call.inputs.begin(), call.inputs.end());
  const Tensor* const source[] = {&self};
  const Tensor before = dispatch(Call{op_definition(OpId::kClone), source, {}});
  inputs[0] = &before;
  const Tensor result = dispatch(Call{call.op, inputs, call.attributes});
  check_inplace_result(call, {result.dtype(), result.sizes()}, self);
  const Tensor* const copied[] = {&self, &result};
  return dispatch_inplace(Call{op_definition(OpId::kCopy), copied, {}}, self);
}

const Tensor& write_inplace(const Call& call, const Tensor& self) {
  if (broadcasts_itself(self)) {
    fail<ValueError>(call.op.name,
                     "in place: the tensor is expanded, so several of its elements share "
                     "one place in memory; clone() it first");
  }
  if (!wants_gradient(call)) {
    run_inplace(call, self);
    return self;
  }
  if (runs_by_parts(call) && !call.op.nondifferentiable) return write_composition(call, self);
  recorder->check_inplace(call, self);
  if (const auto reads = saved_parts_of(self, call); !reads.empty()) {
    return write_with_copies(call, reads, self);
  }
  Tensor original;
  {
    const NoGrad no_grad;
    if (call.op.saves(0, inputs_with_gradient(call))) {
      original = new_tensor(self.sizes(), self.dtype(), self.device());
      const Tensor* const inputs[] = {&original, &self};
      run_inplace(Call{op_definition(OpId::kCopy), inputs, {}}, original);
    }
    run_inplace(call, self);
  }
  recorder->record_inplace(call, original, self);
  return self;
}

}  // namespace

}  // namespace tenon
