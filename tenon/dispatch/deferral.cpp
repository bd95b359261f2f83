#include "tenon/dispatch/deferral.h"

#include <utility>

namespace tenon {
namespace {

constexpr size_t kNoLeader = ~size_t{0};

/// The input that all others have the sizes of, or one element beside.
size_t leader_of(const Call& call) {
  const TensorImpl* best = nullptr;
  size_t leader = kNoLeader;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    const TensorImpl* const impl = call.input(i).impl();
    if (!impl || impl->device.type != kCpu.type) return kNoLeader;
    if (best) {
      if (impl == best || impl->sizes == best->sizes) continue;
      if (impl->numel == 1 && impl->sizes.size() <= best->sizes.size()) continue;
      if (best->numel != 1 || best->sizes.size() > impl->sizes.size()) return kNoLeader;
    }
    best = impl;
    leader = i;
  }
  return best && best->contiguous && best->sizes.size() <= Deferrer::kMostPlainDims ? leader
                                                                                    : kNoLeader;
}

/// What the call computes in: `computed_dtype`, told at once where all inputs are floating and
/// alike.
DType computed_in(const Call& call) {
  const DType dtype = call.input(0).impl()->dtype;
  bool alike = is_floating(dtype) && contains(call.op.accepted, dtype);
  for (const Tensor* input : call.inputs) alike &= input->impl()->dtype == dtype;
  return alike ? dtype : computed_dtype(call);
}

/// Whether `output` can be written element by element while the call reads its inputs.
bool can_be_written(const Call& call, const Tensor& output, const Tensor& leader, DType result) {
  const TensorImpl* const to = output.impl();
  if (to->device.type != kCpu.type || to->dtype != result || !(to->sizes == leader.sizes())) {
    return false;
  }
  for (const Tensor* input : call.inputs) {
    const TensorImpl* const from = input->impl();
    if (from == to || from->storage != to->storage) continue;
    if (from->offset != to->offset || from->dtype != to->dtype || !(from->sizes == to->sizes) ||
        !(from->strides == to->strides)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool defer_plain_call(Deferrer& deferrer, const Call& call, Tensor& output) {
  const OpDef& op = call.op;
  if (op.kind != OpKind::kTile || op.row_dims || op.shape_rule || draws_numbers(op) ||
      op.result_count != 1) {
    return false;
  }
  const size_t leader = leader_of(call);
  if (leader == kNoLeader) return false;
  const DType computed = computed_in(call);
  if (is_complex(computed)) return false;
  const DType result = result_dtype(op.results[0], computed);
  if (output.defined() && !can_be_written(call, output, call.input(leader), result)) return false;
  deferrer.defer_plain({call, computed, result, leader}, output);
  return true;
}

Deferrer::~Deferrer() = default;

NotDeferred::NotDeferred()
    : deferrer_(std::exchange(modes().deferrer, nullptr)),
      watch_(std::exchange(memory_watch(), nullptr)) {}

NotDeferred::~NotDeferred() {
  modes().deferrer = deferrer_;
  memory_watch() = watch_;
}

}  // namespace tenon
