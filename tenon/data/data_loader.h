#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tenon/core/generator.h"
#include "tenon/data/dataset.h"

namespace tenon::data {

/// Changes one input, without the batch dim. What it draws must come from `generator`, which
/// depends on the loader's seed, the epoch and the example alone. Runs on the prefetch thread.
using Transform = std::function<Tensor(const Tensor& input, Generator& generator)>;

struct DataLoaderOptions {
  int64_t batch_size = 1;
  bool shuffle = false;
  /// Leaves out the last batch when it isn't full.
  bool drop_last = false;
  uint64_t seed = 0;
  /// Makes batches on a thread of its own while the loop works on others.
  bool prefetch = true;
  Transform transform = {};
};

/// Where a loader stands: batches of `epoch` that the loop has been given so far.
struct DataLoaderState {
  int64_t epoch = 0;
  int64_t position = 0;
  friend bool operator==(const DataLoaderState&, const DataLoaderState&) = default;
};

/// Batches of a dataset: `for (auto [x, y] : loader)` runs through one epoch. The order of an epoch
/// depends on the seed and the epoch's number alone, so a loader that is set to the state of
/// another goes on with exactly the same batches. An error while a batch is made is thrown in the
/// loop, at that batch. Leaving the loop early ends the epoch; the next loop begins the next one,
/// unless `set_state` says otherwise. Used by one thread, and for one loop at a time.
class TENON_API DataLoader {
 public:
  class Iterator;
  struct End {};

  /// Throws ValueError on a batch size below 1.
  DataLoader(std::shared_ptr<const Dataset> dataset, DataLoaderOptions options);
  /// Keeps a copy of the dataset (a handle: tensors are shared).
  template <std::derived_from<Dataset> D>
  DataLoader(D dataset, DataLoaderOptions options)
      : DataLoader(std::make_shared<const D>(std::move(dataset)), std::move(options)) {}
  DataLoader(const DataLoader&) = delete;
  DataLoader& operator=(const DataLoader&) = delete;

  /// Batches of one epoch.
  int64_t size() const;
  const Dataset& dataset() const { return *dataset_; }
  const DataLoaderOptions& options() const { return options_; }

  Iterator begin();
  End end() const { return {}; }

  /// Within the loop, the batch at hand counts as given.
  DataLoaderState state() const { return state_; }
  /// The next loop goes on from there. Throws ValueError where the loader can't have been in that
  /// state.
  void set_state(const DataLoaderState& state);

 private:
  class Pass;

  std::shared_ptr<const Dataset> dataset_;
  DataLoaderOptions options_;
  DataLoaderState state_;
  bool begun_ = false;  ///< a loop has been in `state_.epoch` and may have left it early
};

/// One run through an epoch; owns the prefetch thread, which ends with it.
class TENON_API DataLoader::Iterator {
 public:
  explicit Iterator(std::unique_ptr<Pass> pass);
  Iterator(Iterator&&) noexcept;
  ~Iterator();

  const Example& operator*() const;
  const Example* operator->() const { return &**this; }
  Iterator& operator++();
  friend bool operator==(const Iterator& iterator, End) { return iterator.at_end(); }

 private:
  bool at_end() const;

  std::unique_ptr<Pass> pass_;
};

}  // namespace tenon::data
