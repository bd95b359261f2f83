#include "tenon/models/digits_cnn.h"

#include "tenon/ops/functions.h"

namespace tenon::models {

DigitsCNN::DigitsCNN(DigitsCNNOptions options)
    : conv1(child("conv1", nn::Conv2d(1, 32, 3))),
      conv2(child("conv2", nn::Conv2d(32, 64, 3))),
      pool(child("pool", nn::MaxPool2d(2))),
      dropout1(child("dropout1", nn::Dropout(options.dropout))),
      fc1(child("fc1", nn::Linear(64 * 12 * 12, 128))),
      dropout2(child("dropout2", nn::Dropout(options.dropout / 2))),
      fc2(child("fc2", nn::Linear(128, 10))) {}

Tensor DigitsCNN::forward(const Tensor& x) {
  Tensor features = pool(relu(conv2(relu(conv1(x)))));
  features = dropout1(flatten(features, 1));
  return fc2(dropout2(relu(fc1(features))));
}

}  // namespace tenon::models
