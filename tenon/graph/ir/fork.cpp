#include "tenon/graph/ir/fork.h"

#include <algorithm>
#include <functional>

namespace tenon::graph {
namespace {

// Of AVX2 at 3 GHz, or near it.
constexpr double kStepNanoseconds = 100, kInstructionNanoseconds = 0.1, kProductsPerNanosecond = 16;

int64_t elements_of(const Operand& operand, std::span<const int64_t> dims) {
  int64_t count = 1;
  for (size_t i = 0; i < operand.rank; ++i) count *= dims[operand.dims + i];
  return count;
}

/// Of a product.
std::optional<double> product_cost(const Step& step, std::span<const int64_t> dims) {
  // From here on kernels share a product out: by its multiply-adds, or by the bytes of a matrix
  // that few rows are multiplied with.
  constexpr int64_t kSharedWork = int64_t{1} << 20, kSharedBytes = 320 * 1024;
  const Operand &left = step.inputs[0], &right = step.inputs[1];
  const int64_t depth = left.rank == 0 ? 1 : dims[left.dims + left.rank - 1];
  const int64_t work = elements_of(step.outputs[0], dims) * depth;
  const int64_t bytes = elements_of(right, dims) * static_cast<int64_t>(size_of(right.dtype));
  if (work >= kSharedWork || bytes >= kSharedBytes) return {};
  return kStepNanoseconds + static_cast<double>(work) / kProductsPerNanosecond;
}

std::optional<double> tile_cost(const Step& step, std::span<const int64_t> dims) {
  constexpr double kShared = 8'000;  // what a task of tile programs takes at least
  auto instructions = static_cast<double>(step.program.instructions().size());
  for (size_t i = 0; i < step.space_rank; ++i) {
    instructions *= static_cast<double>(dims[step.space + i]);
  }
  const double cost = instructions * kInstructionNanoseconds;
  if (cost >= kShared) return {};
  return kStepNanoseconds + cost;
}

}  // namespace

std::vector<Fork> forks_of(std::span<const Step> steps) {
  std::vector<Fork> forks;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (step.fork == 0) continue;
    const bool goes_on = i > 0 && steps[i - 1].fork == step.fork;
    if (!goes_on) forks.emplace_back();
    std::vector<size_t>& chains = forks.back().chains;
    if (goes_on) chains.pop_back();
    if (!goes_on || steps[i - 1].chain != step.chain) chains.push_back(i);
    chains.push_back(i + 1);
  }
  return forks;
}

std::optional<double> chain_cost(const Step& step, std::span<const int64_t> dims) {
  if (step.kind == Record::Kind::kTile) return tile_cost(step, dims);
  const bool is_product = step.kind == Record::Kind::kKernel && step.op &&
                          (step.op->id == OpId::kMatmul || step.op->id == OpId::kLinear);
  return is_product ? product_cost(step, dims) : std::nullopt;
}

double saved_by_forking(std::vector<double> chains) {
  std::sort(chains.begin(), chains.end(), std::greater<>());
  double threads[2] = {};
  for (const double cost : chains) *std::min_element(threads, threads + 2) += cost;
  return std::min(threads[0], threads[1]);
}

}  // namespace tenon::graph
