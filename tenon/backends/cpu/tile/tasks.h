#pragma once

#include <memory>
#include <vector>

#include "tenon/backends/cpu/tile/plan.h"
#include "tenon/backends/cpu/tile/runner.h"
#include "tenon/core/storage.h"

// How runs of plans are cut into tasks for the pool.
namespace tenon::cpu {

// Less work than that stays on the calling thread. It is what the estimates of a plan's cost add up
// to; with wide vectors and data in caches the work takes a fifth, about as long as handing it
// over.
inline constexpr double kTaskNanoseconds = 40'000;
inline constexpr int64_t kMostChunks = 64;  // of a row

inline int64_t elements_of(const Space& space) {
  return space.tiles * space.tile_rows * space.tile_columns;
}

/// `grain` units (tiles of elementwise work, else groups) a task.
struct Cut {
  int64_t units = 0;
  int64_t grain = 1;
  bool elementwise = false;
  bool in_cache = false;        ///< each thread should take the same part at each run
  int64_t tiles_per_chunk = 0;  ///< not 0: rows are split
};

Cut cut(const Plan& plan);
void run_units(const Run& run, const Cut& cut, int64_t begin, int64_t end);

/// Few, long groups: each pass is cut into chunks of tiles, by size alone; the chunks' states are
/// joined in their order.
class SplitRun {
 public:
  /// Runs what comes before the first pass.
  SplitRun(const Run& run, int64_t tiles_per_chunk);

  /// Of a pass: the chunks of the first group, then those of the second, and so on.
  int64_t tasks() const { return groups_ * chunks_; }
  int64_t chunks() const { return chunks_; }
  void run_tasks(size_t pass, int64_t begin, int64_t end) const;
  /// When all tasks of the pass are done.
  void finish(size_t pass) const;

 private:
  Group group(int64_t g) const;
  char* states(int64_t g, int64_t chunk) const;

  Run run_;
  int64_t tiles_per_chunk_, groups_, chunks_;
  size_t group_size_, state_size_;
  Intrusive<Storage> groups_memory_, states_;
};

/// The machine code of a run's passes, kept alive.
class RunCodes {
 public:
  explicit RunCodes(const Plan& plan);
  /// Of each pass; null when all run on the interpreter.
  const jit::PassFunction* functions() const { return any_ ? functions_.data() : nullptr; }

 private:
  InlineVector<jit::PassFunction, 4> functions_;
  std::vector<std::shared_ptr<const jit::CodeMemory>> kept_;
  bool any_ = false;
};

void count_run(const Run& run);

/// Memory of the calling thread for the run-wide values of launches with scalars.
std::vector<uint64_t>& uniform_memory();

}  // namespace tenon::cpu
