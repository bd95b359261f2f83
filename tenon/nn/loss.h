#pragma once

#include <string>

#include "tenon/nn/module.h"

/// The losses as objects: `nn::CrossEntropyLoss loss; loss(output, target)`. The reduction is
/// "mean", "sum" or "none"; tenon/ops/loss has the formulas.
namespace tenon::nn {

/// The base of the losses: called with an output and a target.
class TENON_API Loss : public Module {
 public:
  virtual Tensor loss(const Tensor& input, const Tensor& target) const = 0;
  Tensor operator()(const Tensor& input, const Tensor& target) const { return loss(input, target); }
};

struct ReductionOptions {
  std::string reduction = "mean";
};

/// (input - target)^2
class TENON_API MSELoss : public Loss {
 public:
  explicit MSELoss(ReductionOptions options = {}) : options_(std::move(options)) {}
  Tensor loss(const Tensor& input, const Tensor& target) const override;

 private:
  ReductionOptions options_;
};

/// |input - target|
class TENON_API L1Loss : public Loss {
 public:
  explicit L1Loss(ReductionOptions options = {}) : options_(std::move(options)) {}
  Tensor loss(const Tensor& input, const Tensor& target) const override;

 private:
  ReductionOptions options_;
};

struct SmoothL1LossOptions {
  std::string reduction = "mean";
  double beta = 1;
};
/// Quadratic below `beta`, linear above.
class TENON_API SmoothL1Loss : public Loss {
 public:
  explicit SmoothL1Loss(SmoothL1LossOptions options = {}) : options_(std::move(options)) {}
  Tensor loss(const Tensor& input, const Tensor& target) const override;

 private:
  SmoothL1LossOptions options_;
};

struct HuberLossOptions {
  std::string reduction = "mean";
  double delta = 1;
};
/// `delta` times the smooth L1 loss with beta = delta.
class TENON_API HuberLoss : public Loss {
 public:
  explicit HuberLoss(HuberLossOptions options = {}) : options_(std::move(options)) {}
  Tensor loss(const Tensor& input, const Tensor& target) const override;

 private:
  HuberLossOptions options_;
};

struct CrossEntropyLossOptions {
  Tensor weight = {};  ///< of each class
  int64_t ignore_index = -100;
  std::string reduction = "mean";
  double label_smoothing = 0;
};
/// -log softmax(input)[target] of class indices, or the cross-entropy with probabilities.
class TENON_API CrossEntropyLoss : public Loss {
 public:
  explicit CrossEntropyLoss(CrossEntropyLossOptions options = {});
  Tensor loss(const Tensor& input, const Tensor& target) const override;

  Parameter weight;

 private:
  CrossEntropyLossOptions options_;
};

struct NLLLossOptions {
  Tensor weight = {};  ///< of each class
  int64_t ignore_index = -100;
  std::string reduction = "mean";
};
/// -input[target] of log-probabilities.
class TENON_API NLLLoss : public Loss {
 public:
  explicit NLLLoss(NLLLossOptions options = {});
  Tensor loss(const Tensor& input, const Tensor& target) const override;

  Parameter weight;

 private:
  NLLLossOptions options_;
};

struct BCELossOptions {
  Tensor weight = {};  ///< of each element
  std::string reduction = "mean";
};
/// -(target log input + (1 - target) log(1 - input)) of probabilities.
class TENON_API BCELoss : public Loss {
 public:
  explicit BCELoss(BCELossOptions options = {});
  Tensor loss(const Tensor& input, const Tensor& target) const override;

  Parameter weight;

 private:
  BCELossOptions options_;
};

struct BCEWithLogitsLossOptions {
  Tensor weight = {};      ///< of each element
  Tensor pos_weight = {};  ///< of the positive targets
  std::string reduction = "mean";
};
/// The binary cross-entropy of sigmoid(input), computed without overflow.
class TENON_API BCEWithLogitsLoss : public Loss {
 public:
  explicit BCEWithLogitsLoss(BCEWithLogitsLossOptions options = {});
  Tensor loss(const Tensor& input, const Tensor& target) const override;

  Parameter weight, pos_weight;

 private:
  BCEWithLogitsLossOptions options_;
};

struct KLDivLossOptions {
  std::string reduction = "mean";  ///< also "batchmean", the mathematical one
  bool log_target = false;
};
/// target * (log target - input) of log-probabilities `input`.
class TENON_API KLDivLoss : public Loss {
 public:
  explicit KLDivLoss(KLDivLossOptions options = {}) : options_(std::move(options)) {}
  Tensor loss(const Tensor& input, const Tensor& target) const override;

 private:
  KLDivLossOptions options_;
};

}  // namespace tenon::nn
