// Many launches as one parallel region.
#include <algorithm>
#include <memory>
#include <vector>

#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/backends/cpu/tile/plan_cache.h"
#include "tenon/backends/cpu/tile/small_code.h"
#include "tenon/backends/cpu/tile/tasks.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

using tile::Launch;

// Launches that read the same memory go over it side by side where it is more than caches hold.
constexpr int64_t kSharedElements = int64_t{1} << 19;

struct Task {
  Run run;
  Cut cut;
  const SplitRun* split;
  int64_t begin, end;
  int64_t bundle;  ///< tasks of one bundle run one after the other on one thread
};

class Batch {
 public:
  explicit Batch(std::span<const Launch> launches) : Batch(launches, memory()) {}

  void run() {
    prepare();
    const auto count = static_cast<int64_t>(bundles_.size()) - 1;
    const int64_t grain = nanoseconds_ <= 2 * kTaskNanoseconds ? count : 1;
    parallel_for(count, grain, [this](int64_t begin, int64_t end) {
      for (size_t k = bundles_[static_cast<size_t>(begin)]; k < bundles_[static_cast<size_t>(end)];
           ++k) {
        run_task(tasks_[k]);
      }
    });
    for (const auto& split : splits_) split->finish(0);
  }

 private:
  /// Of the calling thread, as batches of small launches would feel to allocate it.
  struct Memory {
    std::vector<Task> tasks;
    std::vector<size_t> bundles;
  };
  static Memory& memory() {
    static thread_local Memory instance;
    return instance;
  }

  Batch(std::span<const Launch> launches, Memory& memory)
      : launches_(launches), tasks_(memory.tasks), bundles_(memory.bundles) {
    tasks_.clear();
    bundles_.clear();
  }

  /// Whether the launch reads, over as many elements, what the one before it does.
  bool goes_with_previous(size_t i) const {
    if (i == 0 || elements(launches_[i]) < kSharedElements ||
        elements(launches_[i]) != elements(launches_[i - 1])) {
      return false;
    }
    const auto before = launches_[i - 1].inputs;
    return std::any_of(launches_[i].inputs.begin(), launches_[i].inputs.end(), [&](const auto& x) {
      return std::any_of(before.begin(), before.end(), [&](const tile::Operand& y) {
        return x.data != nullptr && x.data == y.data;
      });
    });
  }

  static int64_t elements(const Launch& launch) {
    int64_t count = 1;
    for (const int64_t size : launch.sizes) count *= size;
    return count;
  }

  void prepare() {
    std::vector<uint64_t>& uniforms = uniform_memory();
    size_t words = 0;
    for (const Launch& launch : launches_) words += launch.program->instructions().size();
    uniforms.resize(words);
    uint64_t* next_uniforms = uniforms.data();
    PlanCache& cache = PlanCache::of_thread();
    cache.trim();
    codes_.reserve(launches_.size());
    for (size_t i = 0; i < launches_.size(); ++i) {
      const Launch& launch = launches_[i];
      const Plan& plan = cache.kept_plan_of(launch);
      if (plan.space.empty) continue;
      Run run{&plan, &launch, next_uniforms};
      make_uniforms(plan, launch, next_uniforms);
      next_uniforms += launch.program->instructions().size();
      run.codes = codes_.emplace_back(plan).functions();
      count_run(run);
      nanoseconds_ += plan.cost * static_cast<double>(elements_of(plan.space) * plan.space.groups);
      if (!goes_with_previous(i)) end_set();
      add(run, cut(plan));
    }
    end_set();
    bundles_.push_back(tasks_.size());
  }

  void add(const Run& run, const Cut& cut) {
    if (cut.tiles_per_chunk == 0) {
      for (int64_t begin = 0; begin < cut.units; begin += cut.grain) {
        const int64_t end = std::min(cut.units, begin + cut.grain);
        tasks_.push_back({run, cut, nullptr, begin, end, bundle_at(end, cut.units)});
      }
      return;
    }
    const SplitRun& split =
        *splits_.emplace_back(std::make_unique<SplitRun>(run, cut.tiles_per_chunk));
    if (run.plan->passes.size() != 1) {
      run_alone(split, run.plan->passes.size());
      splits_.pop_back();
      return;
    }
    for (int64_t k = 0; k < split.tasks(); ++k) {
      const int64_t chunk = k % split.chunks();
      tasks_.push_back({run, cut, &split, k, k + 1, bundle_at(chunk + 1, split.chunks())});
    }
  }

  static void run_alone(const SplitRun& split, size_t passes) {
    for (size_t pass = 0; pass < passes; ++pass) {
      parallel_for(split.tasks(), 1,
                   [&](int64_t begin, int64_t end) { split.run_tasks(pass, begin, end); });
      split.finish(pass);
    }
  }

  /// Of a task that ends `part` parts of `parts` into its launch.
  static int64_t bundle_at(int64_t part, int64_t parts) {
    return (part * kMostChunks + parts - 1) / parts;
  }

  /// Tasks of launches that share memory are put in order of the place in it; others are a bundle
  /// each.
  void end_set() {
    const auto first = tasks_.begin() + static_cast<ptrdiff_t>(set_);
    const bool shared =
        !tasks_.empty() && set_ != tasks_.size() && first->run.launch != tasks_.back().run.launch;
    if (shared) {
      std::stable_sort(first, tasks_.end(),
                       [](const Task& a, const Task& b) { return a.bundle < b.bundle; });
    }
    for (size_t k = set_; k < tasks_.size(); ++k) {
      if (k == set_ || !shared || tasks_[k].bundle != tasks_[k - 1].bundle) bundles_.push_back(k);
    }
    set_ = tasks_.size();
  }

  static void run_task(const Task& task) {
    if (task.split != nullptr) {
      task.split->run_tasks(0, task.begin, task.end);
    } else {
      run_units(task.run, task.cut, task.begin, task.end);
    }
  }

  std::span<const Launch> launches_;
  std::vector<RunCodes> codes_;
  std::vector<std::unique_ptr<SplitRun>> splits_;
  std::vector<Task>& tasks_;
  std::vector<size_t>& bundles_;  ///< the first task of each, and the end
  size_t set_ = 0;                ///< the first task of the launches that share memory
  double nanoseconds_ = 0;
};

}  // namespace

void run_tile_many(std::span<const Launch> launches) {
  if (launches.empty() || run_flat_many(launches)) return;
  Batch(launches).run();
}

}  // namespace tenon::cpu
