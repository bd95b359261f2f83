#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tenon/graph/ir/step.h"

namespace tenon::graph {

/// A stretch of steps that is cut into chains, see `Step::fork`.
struct Fork {
  std::vector<size_t> chains;  ///< where each begins, then where the last one ends

  size_t begin() const { return chains.front(); }
  size_t end() const { return chains.back(); }
  size_t count() const { return chains.size() - 1; }
};

/// As the steps are marked.
std::vector<Fork> forks_of(std::span<const Step> steps);

/// Nanoseconds that the step takes on one thread, roughly. Nothing for what doesn't belong in a
/// chain: work that is shared out to threads by itself, and kernels of which nothing is known.
std::optional<double> chain_cost(const Step& step, std::span<const int64_t> dims);

/// Nanoseconds that two threads save where chains take so long by themselves.
double saved_by_forking(std::vector<double> chains);
/// Less isn't worth a hand-over, and what chains lose that can't run in batches with others.
inline constexpr double kLeastSaved = 5'000;

}  // namespace tenon::graph
