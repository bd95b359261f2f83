#pragma once

#include <cstdint>
#include <span>

#include "tenon/core/tensor.h"

namespace tenon::data {

/// One example, or a batch of them: what goes into the model and what should come out.
struct Example {
  Tensor input;
  Tensor target;
};

/// Examples by number. Several threads may read at once.
class TENON_API Dataset {
 public:
  virtual ~Dataset();
  virtual int64_t size() const = 0;
  /// Example `index` of [0, size()). Throws IndexError outside.
  virtual Example get(int64_t index) const = 0;
  /// The examples of these numbers, stacked along a new first dim. Unless overridden it stacks what
  /// `get` gives, which must then agree in sizes and dtype (ShapeError, DTypeError).
  virtual Example get_batch(std::span<const int64_t> indices) const;
};

/// Rows of two tensors: example i is (inputs[i], targets[i]). Batches are copied at memory speed.
class TENON_API TensorDataset final : public Dataset {
 public:
  /// Throws ShapeError unless both have the same number of rows, ValueError unless both are
  /// contiguous in host memory.
  TensorDataset(Tensor inputs, Tensor targets);

  int64_t size() const override { return inputs_.size(0); }
  Example get(int64_t index) const override;
  Example get_batch(std::span<const int64_t> indices) const override;
  const Tensor& inputs() const { return inputs_; }
  const Tensor& targets() const { return targets_; }

 private:
  Tensor inputs_, targets_;
};

/// How the bytes of an image become numbers: y = (x / 255 - mean) / standard_deviation.
struct ImageOptions {
  double mean = 0;
  double standard_deviation = 1;
};

/// Byte images with class labels. Inputs are float32 [channels, height, width], targets int64; the
/// conversion happens while batches are gathered, so the images stay small in memory.
class TENON_API ImageDataset final : public Dataset {
 public:
  /// `images`: uint8 [count, height, width] (grey) or [count, channels, height, width]; `labels`:
  /// whole numbers [count]. Throws DTypeError, ShapeError, ValueError (not contiguous in host
  /// memory, or a standard deviation that isn't above 0).
  ImageDataset(Tensor images, const Tensor& labels, ImageOptions options = {});

  int64_t size() const override { return images_.size(0); }
  Example get(int64_t index) const override;
  Example get_batch(std::span<const int64_t> indices) const override;
  /// The examples begin ... end - 1, sharing memory with these. Throws IndexError.
  ImageDataset subset(int64_t begin, int64_t end) const;
  /// uint8 [count, channels, height, width].
  const Tensor& images() const { return images_; }
  /// int64 [count].
  const Tensor& labels() const { return labels_; }

 private:
  Tensor images_, labels_;
  ImageOptions options_;
};

/// A set to train on and another to measure with.
struct TrainAndTest {
  ImageDataset train;
  ImageDataset test;
};

}  // namespace tenon::data
