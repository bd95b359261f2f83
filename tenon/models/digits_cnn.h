#pragma once

#include "tenon/nn/conv.h"
#include "tenon/nn/layers.h"
#include "tenon/nn/linear.h"
#include "tenon/nn/pooling.h"

namespace tenon::models {

struct DigitsCNNOptions {
  /// Of the dense layer's inputs and, by half, of its outputs; 0: the plain network of the
  /// benchmark.
  double dropout = 0;
};

/// The small convolutional network for 28x28 digits: two 3x3 convolutions of 32 and 64 channels,
/// a 2x2 maximum, dense layers of 128 and 10. Takes [batch, 1, 28, 28], gives [batch, 10] logits.
class TENON_API DigitsCNN : public nn::Module {
 public:
  explicit DigitsCNN(DigitsCNNOptions options = {});
  Tensor forward(const Tensor& x) override;

  nn::Conv2d conv1;
  nn::Conv2d conv2;
  nn::MaxPool2d pool;
  nn::Dropout dropout1;
  nn::Linear fc1;
  nn::Dropout dropout2;
  nn::Linear fc2;
};

}  // namespace tenon::models
