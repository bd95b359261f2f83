#include "tenon/dispatch/tile_batch.h"

#include <algorithm>
#include <utility>

#include "tenon/dispatch/backend.h"

namespace tenon {
namespace {

TileBatch*& current_batch() {
  static thread_local TileBatch* instance = nullptr;
  return instance;
}

}  // namespace

TileBatch::TileBatch() : outer_(std::exchange(current_batch(), this)) {}
TileBatch::~TileBatch() { current_batch() = outer_; }
TileBatch* TileBatch::current() { return current_batch(); }

bool TileBatch::touches_results(const Tensor& tensor) const {
  return std::any_of(collected_.begin(), collected_.end(), [&](const Collected& c) {
    return std::any_of(
        c.tensors.begin() + static_cast<ptrdiff_t>(c.written), c.tensors.end(),
        [&](const Tensor& result) { return result.impl()->storage == tensor.impl()->storage; });
  });
}

void TileBatch::add(const tile::Launch& launch, const Call& call, std::span<const Tensor> outputs) {
  Collected made;
  for (const Tensor* input : call.inputs) {
    if (input->defined()) made.tensors.push_back(*input);
  }
  made.written = made.tensors.size();
  made.tensors.insert(made.tensors.end(), outputs.begin(), outputs.end());
  for (const Tensor& tensor : made.tensors) {
    if (touches_results(tensor)) {
      run();
      break;
    }
  }
  made.launch = launch;
  made.inputs.assign(launch.inputs.begin(), launch.inputs.end());
  made.outputs.assign(launch.outputs.begin(), launch.outputs.end());
  made.scalars.assign(launch.scalars.begin(), launch.scalars.end());
  collected_.push_back(std::move(made));
}

void TileBatch::run() {
  std::vector<tile::Launch> launches;
  for (Collected& c : collected_) {
    c.launch.inputs = c.inputs;
    c.launch.outputs = c.outputs;
    c.launch.scalars = c.scalars;
    launches.push_back(c.launch);
  }
  if (!launches.empty()) backend_of(kCpu).run_tile_many(launches);
  collected_.clear();
}

}  // namespace tenon
