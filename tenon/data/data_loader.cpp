#include "tenon/data/data_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <exception>
#include <numeric>
#include <span>
#include <thread>

#include "tenon/base/error.h"
#include "tenon/core/philox.h"
#include "tenon/data/sampler.h"

namespace tenon::data {
namespace {

constexpr int kDepth = 8;  // batches made ahead at most

/// The numbers that the transform of one example may draw.
Generator example_generator(uint64_t seed, int64_t epoch, int64_t index) {
  constexpr uint32_t kStream = 2;
  const auto words =
      philox_block(seed, static_cast<uint64_t>(epoch), kStream, static_cast<uint64_t>(index));
  return Generator(uint64_t{words[1]} << 32 | words[0]);
}

Tensor apply_transform(const Transform& transform, const Tensor& inputs,
                       std::span<const int64_t> indices, uint64_t seed, int64_t epoch) {
  const Shape row_sizes(std::span<const int64_t>(inputs.sizes()).subspan(1));
  const Shape row_strides = contiguous_strides(row_sizes);
  const int64_t row_elements = count_elements("DataLoader", row_sizes);
  Tensor results;
  for (size_t i = 0; i < indices.size(); ++i) {
    Generator generator = example_generator(seed, epoch, indices[i]);
    const Tensor row = new_view(inputs, row_sizes, row_strides,
                                inputs.storage_offset() + static_cast<int64_t>(i) * row_elements);
    const Tensor changed = transform(row, generator);
    if (i == 0) {
      Shape sizes{static_cast<int64_t>(indices.size())};
      for (const int64_t size : changed.sizes()) sizes.push_back(size);
      results = new_tensor(sizes, changed.dtype());
    }
    const size_t bytes = results.nbytes() / indices.size();
    if (changed.dtype() != results.dtype() || changed.nbytes() != bytes ||
        !changed.is_contiguous()) {
      fail<ShapeError>(
          "DataLoader",
          fmt::format("expected the transform to give contiguous tensors of one size and "
                      "dtype, got {} of {} for a batch of {} of {}",
                      to_string(changed.sizes()), name_of(changed.dtype()),
                      to_string(results.sizes()), name_of(results.dtype())));
    }
    std::memcpy(static_cast<char*>(results.raw_data()) + i * bytes, changed.raw_data(), bytes);
  }
  return results;
}

}  // namespace

/// Batches are numbered; whoever claims a number makes that batch. The prefetch thread claims up to
/// `kDepth` ahead of the loop; the loop claims the batch that it needs when nobody has, and later
/// ones while its own is being made, so it works instead of waiting for a thread that is only as
/// fast as itself.
class DataLoader::Pass {
 public:
  explicit Pass(DataLoader& loader);
  ~Pass();

  const Example& current() const { return current_; }
  bool at_end() const { return at_end_; }
  void advance();

 private:
  struct Slot {
    std::atomic<int> ready{0};
    Example batch;
    std::exception_ptr error;
  };

  Example make(int64_t number) const;
  Example take(int64_t number);
  void prefetch();
  bool has_free_slot(int64_t number) const {
    return number < total_ && number < given_.load(std::memory_order_acquire) + kDepth;
  }
  Slot& slot_of(int64_t number) { return slots_[static_cast<size_t>(number % kDepth)]; }
  bool make_next_into_slot();
  bool claim(int64_t number) {
    return claimed_.compare_exchange_strong(number, number + 1, std::memory_order_acq_rel);
  }
  void wake() {
    wake_ups_.fetch_add(1, std::memory_order_release);
    wake_ups_.notify_one();
  }

  DataLoader& loader_;
  const int64_t epoch_, total_;
  std::vector<int64_t> order_;
  std::array<Slot, kDepth> slots_;
  std::atomic<int64_t> claimed_;  ///< the number that nobody has claimed yet
  std::atomic<int64_t> given_;    ///< batches before this one have been given to the loop
  std::atomic<int> wake_ups_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
  Example current_;
  bool at_end_ = false;
};

DataLoader::Pass::Pass(DataLoader& loader)
    : loader_(loader),
      epoch_(loader.state_.epoch),
      total_(loader.size()),
      claimed_(loader.state_.position),
      given_(loader.state_.position) {
  const int64_t count = loader.dataset_->size();
  if (loader.options_.shuffle) {
    order_ = shuffled_indices(count, loader.options_.seed, epoch_);
  } else {
    order_.resize(static_cast<size_t>(count));
    std::iota(order_.begin(), order_.end(), int64_t{0});
  }
  if (loader.options_.prefetch && total_ - claimed_ > 1) {
    thread_ = std::thread([this] { prefetch(); });
  }
}

DataLoader::Pass::~Pass() {
  if (!thread_.joinable()) return;
  stop_ = true;
  wake();
  thread_.join();
}

Example DataLoader::Pass::make(int64_t number) const {
  const DataLoaderOptions& options = loader_.options_;
  const auto begin = static_cast<size_t>(number * options.batch_size);
  const size_t end = std::min(order_.size(), begin + static_cast<size_t>(options.batch_size));
  const std::span<const int64_t> indices = std::span(order_).subspan(begin, end - begin);
  Example batch = loader_.dataset_->get_batch(indices);
  if (options.transform) {
    batch.input = apply_transform(options.transform, batch.input, indices, options.seed, epoch_);
  }
  return batch;
}

/// Claims the first batch that nobody has and makes it where the loop will take it; false if the
/// slots are full or no batch is left. A slot is free once the batch that had it before was given.
bool DataLoader::Pass::make_next_into_slot() {
  int64_t number = claimed_.load(std::memory_order_acquire);
  do {
    if (!has_free_slot(number)) return false;
  } while (!claimed_.compare_exchange_weak(number, number + 1, std::memory_order_acq_rel));
  Slot& slot = slot_of(number);
  try {
    slot.batch = make(number);
  } catch (...) {
    slot.error = std::current_exception();
  }
  slot.ready.store(1, std::memory_order_release);
  slot.ready.notify_one();
  return true;
}

void DataLoader::Pass::prefetch() {
  while (!stop_.load(std::memory_order_relaxed)) {
    const int seen = wake_ups_.load(std::memory_order_acquire);
    if (make_next_into_slot()) continue;
    if (claimed_.load(std::memory_order_acquire) >= total_) return;
    wake_ups_.wait(seen, std::memory_order_acquire);
  }
}

Example DataLoader::Pass::take(int64_t number) {
  if (claim(number)) return make(number);
  Slot& slot = slot_of(number);
  while (slot.ready.load(std::memory_order_acquire) == 0) {
    if (!make_next_into_slot()) slot.ready.wait(0, std::memory_order_acquire);
  }
  slot.ready.store(0, std::memory_order_relaxed);
  if (slot.error) std::rethrow_exception(std::exchange(slot.error, nullptr));
  return std::exchange(slot.batch, {});
}

void DataLoader::Pass::advance() {
  current_ = {};  // its memory serves the next batch
  const int64_t number = given_.load(std::memory_order_relaxed);
  if (number >= total_) {
    at_end_ = true;
    loader_.state_ = {epoch_ + 1, 0};
    loader_.begun_ = false;
    return;
  }
  current_ = take(number);
  given_.store(number + 1, std::memory_order_release);
  loader_.state_.position = number + 1;
  // Not at every batch: waking a thread costs more than a small batch.
  if (thread_.joinable() && claimed_.load(std::memory_order_acquire) - number <= kDepth / 2) wake();
}

DataLoader::DataLoader(std::shared_ptr<const Dataset> dataset, DataLoaderOptions options)
    : dataset_(std::move(dataset)), options_(std::move(options)) {
  if (!dataset_) fail<ValueError>("DataLoader", "expected a dataset, got none");
  if (options_.batch_size < 1) {
    fail<ValueError>("DataLoader", fmt::format("expected a batch_size of at least 1, got {}",
                                               options_.batch_size));
  }
}

int64_t DataLoader::size() const {
  const int64_t count = dataset_->size();
  const int64_t full = count / options_.batch_size;
  return full + (!options_.drop_last && count % options_.batch_size != 0 ? 1 : 0);
}

DataLoader::Iterator DataLoader::begin() {
  if (begun_) state_ = {state_.epoch + 1, 0};
  begun_ = true;
  auto pass = std::make_unique<Pass>(*this);
  pass->advance();
  return Iterator(std::move(pass));
}

void DataLoader::set_state(const DataLoaderState& state) {
  if (state.epoch < 0 || state.position < 0 || state.position > size()) {
    fail<ValueError>(
        "DataLoader::set_state",
        fmt::format("expected an epoch of 0 or more and a position of 0 to {}, got epoch "
                    "{} and position {}; was the state saved with another dataset or "
                    "batch size?",
                    size(), state.epoch, state.position));
  }
  state_ = state;
  begun_ = false;
}

DataLoader::Iterator::Iterator(std::unique_ptr<Pass> pass) : pass_(std::move(pass)) {}
DataLoader::Iterator::Iterator(Iterator&&) noexcept = default;
DataLoader::Iterator::~Iterator() = default;
const Example& DataLoader::Iterator::operator*() const { return pass_->current(); }
bool DataLoader::Iterator::at_end() const { return pass_->at_end(); }
DataLoader::Iterator& DataLoader::Iterator::operator++() {
  pass_->advance();
  return *this;
}

}  // namespace tenon::data
