#include "tenon/dispatch/op_def.h"

#include <memory>
#include <mutex>

#include "tenon/base/fork_safe_mutex.h"
#include "tenon/dispatch/op_table.h"
#include "tenon/dispatch/tile_call.h"

namespace tenon {
namespace {

// Definitions made so far; never destroyed: tensors may outlive static objects.
constinit std::atomic<const OpDef*> definitions[kOpCount] = {};
constinit ForkSafeMutex define_mutex;

[[gnu::noinline, gnu::cold]] const OpDef& define(size_t index) {
  const std::lock_guard lock(define_mutex);
  if (const OpDef* made = definitions[index].load(std::memory_order_relaxed)) return *made;
  const OpEntry& entry = kOpEntries[index];
  auto made = std::make_unique<OpDef>();
  OpDef& op = *made;
  op.id = static_cast<OpId>(index);
  op.name = entry.name;
  op.signature = entry.signature;
  op.section = entry.section;
  op.params = entry.params;
  op.result_count = entry.result_count;
  op.returns_list = entry.returns_list;
  op.has_method = entry.has_method;
  op.has_inplace = entry.has_inplace;
  op.internal = entry.internal;
  entry.define(op);
  definitions[index].store(made.release(), std::memory_order_release);
  return op;
}

}  // namespace

const OpDef& op_definition(OpId id) {
  const auto index = static_cast<size_t>(id);
  const OpDef* op = definitions[index].load(std::memory_order_acquire);
  return op ? *op : define(index);
}

const OpDef* find_op(std::string_view name) {
  for (int i = 0; i < kOpCount; ++i) {
    if (kOpEntries[i].name == name) return &op_definition(static_cast<OpId>(i));
  }
  return nullptr;
}

DirectKernel OpDef::direct_kernel(DType dtype) const {
  const auto index = static_cast<size_t>(dtype);
  const uint32_t bit = 1u << index;
  if (!(direct_known.load(std::memory_order_acquire) & bit)) [[unlikely]] {
    DirectKernel kernel = nullptr;
    const bool stays = results[0] == ResultDType::kComputed && result_count == 1 && !shape_rule &&
                       contains(accepted, dtype) &&
                       (integers != Integers::kBecomeFloat || is_floating(dtype));
    if (stays) kernel = backend_of(kCpu).direct_kernel(program(0), compute_of(dtype));
    direct_kernels[index].store(kernel, std::memory_order_relaxed);
    direct_known.fetch_or(bit, std::memory_order_release);
  }
  return direct_kernels[index].load(std::memory_order_relaxed);
}

const tile::Program& OpDef::program(int variant) const {
  std::atomic<const tile::Program*>& slot = programs[variant];
  const tile::Program* program = slot.load(std::memory_order_acquire);
  if (program) return *program;
  tile::TileBuilder builder;
  build_tile(builder, variant);
  auto* built = new tile::Program(builder.finish());
  const tile::Program* expected = nullptr;
  if (!slot.compare_exchange_strong(expected, built, std::memory_order_acq_rel)) {
    delete built;
    return *expected;
  }
  return *built;
}

}  // namespace tenon
