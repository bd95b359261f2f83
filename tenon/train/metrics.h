#pragma once

#include <cstdint>
#include <string_view>

#include "tenon/core/tensor.h"
#include "tenon/io/checkpoint.h"

namespace tenon::train {

/// Mean loss and accuracy over the samples seen so far, kept in float64.
class TENON_API Metrics {
 public:
  /// `loss` is the batch's mean; the accuracy counts where the largest of output [batch, classes]
  /// is at the class that integer target [batch] names, and stays unknown for other shapes.
  void add(double loss, const Tensor& output, const Tensor& target);

  int64_t samples() const { return samples_; }
  /// 0 before the first sample.
  double loss() const;
  bool has_accuracy() const { return counts_; }
  double accuracy() const;

  /// Kept in a checkpoint under "<name>.".
  void save(Checkpoint& checkpoint, std::string_view name) const;
  void load(const Checkpoint& checkpoint, std::string_view name);

 private:
  double loss_sum_ = 0;
  int64_t samples_ = 0;
  int64_t correct_ = 0;
  bool counts_ = false;
};

}  // namespace tenon::train
