#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/data/data_loader.h"
#include "tenon/nn/module.h"
#include "tenon/optim/grad_scaler.h"
#include "tenon/optim/schedule.h"
#include "tenon/train/metrics.h"

namespace tenon::train {

/// Training that left the finite numbers. A checkpoint is only written of finite weights, so the
/// last one is from before.
class TENON_API DivergedError : public Error {
 public:
  DivergedError(const std::string& message, int64_t step) : Error(message), step_(step) {}
  ~DivergedError() override;
  /// The step, from 1, whose loss, gradient or result was not finite.
  int64_t step() const { return step_; }

 private:
  int64_t step_;
};

/// The mean loss of a batch.
using LossFunction = std::function<Tensor(const Tensor& output, const Tensor& target)>;

struct TrainerOptions {
  int64_t epochs = 10;
  /// cross_entropy where none is given.
  LossFunction loss;
  /// Gradients are scaled down to this common norm; none: left alone.
  std::optional<double> clip_grad_norm;
  /// Steps run as a compiled function (tenon/graph/compile.h), to the same losses; false: op by op.
  bool compile = true;
  /// Stops when the validation loss (else the training loss) has not improved for this many epochs;
  /// 0: never.
  int64_t early_stopping_patience = 0;
  /// Where checkpoints go: after every epoch, and on Ctrl-C. Empty: nowhere.
  std::string checkpoint_folder;
  int64_t checkpoint_every_steps = 0;  ///< also after this many steps; 0: not
  int checkpoints_kept = 3;
  bool progress = true;  ///< a bar or log lines on standard error
  /// kBFloat16 or kFloat16: model and loss run in mixed precision (see Autocast), here and in
  /// `evaluate` and `predict`; with kFloat16 the loss is scaled (see optim::GradScaler).
  DType precision = kFloat32;
};

/// What one epoch gave.
struct EpochResult {
  int64_t epoch = 0;  ///< from 1
  double train_loss = 0;
  double train_accuracy = 0;
  double validation_loss = 0;  ///< these two: NaN without validation
  double validation_accuracy = 0;
  double learning_rate = 0;  ///< at the epoch's end
  double seconds = 0;        ///< of training, without validation
  int64_t samples = 0;       ///< that the seconds were for
};

enum class StopReason : uint8_t { kDone, kEarlyStopping, kInterrupted };

struct TENON_API FitResult {
  std::vector<EpochResult> epochs;
  StopReason reason = StopReason::kDone;
  int64_t steps = 0;
  std::string checkpoint;  ///< the last one written; empty where none was

  /// Over all epochs, validation left out.
  double samples_per_second() const;
};

struct Evaluation {
  double loss = 0;
  double accuracy = 0;
  int64_t samples = 0;
};

/// Mean loss and accuracy of a model in eval mode, over one pass of the loader from its start.
/// `loss` as in TrainerOptions.
TENON_API Evaluation evaluate(nn::AnyModule model, data::DataLoader& loader,
                              const LossFunction& loss = {});
/// The outputs of a model in eval mode for all inputs of the loader, one after the other.
TENON_API Tensor predict(nn::AnyModule model, data::DataLoader& loader);

/// The training loop: batches, metrics, progress, checkpoints, and a way back into the middle of an
/// epoch that gives the same bits as a run that was never stopped.
///
///     train::Trainer trainer(model, optimizer, {.epochs = 10, .checkpoint_folder = "run"});
///     trainer.resume();  // goes on where a killed run was
///     trainer.fit(loader, validation);
///
/// The optimizer and the schedules must outlive it. Random ops must draw from the thread's default
/// generator, whose state is part of a checkpoint.
class TENON_API Trainer {
 public:
  Trainer(nn::AnyModule model, optim::Optimizer& optimizer, TrainerOptions options = {});
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Moves the schedule on after every batch.
  void schedule_by_step(optim::Schedule& schedule);
  /// Moves the schedule on after every epoch.
  void schedule_by_epoch(optim::Schedule& schedule);
  /// Gives the schedule the validation loss (else the training loss) after every epoch.
  void schedule_by_loss(optim::ReduceLROnPlateau& schedule);

  /// Takes up the newest checkpoint of the folder, so that `fit` goes on from there; false where
  /// there is none. Throws IoError, or what `load_state_dict` throws, where it doesn't fit.
  bool resume();
  /// Trains to the last epoch. Throws DivergedError; before the first step, IoError where the
  /// checkpoint folder can't be written, and ValueError where it holds another run's checkpoints.
  FitResult fit(data::DataLoader& loader);
  FitResult fit(data::DataLoader& loader, data::DataLoader& validation);
  /// Mean loss and accuracy in eval mode.
  Evaluation evaluate(data::DataLoader& loader);
  /// The outputs for all inputs of the loader in eval mode, one after the other.
  Tensor predict(data::DataLoader& loader);

 private:
  struct Run;
  struct CompiledStep;
  FitResult fit(data::DataLoader& loader, data::DataLoader* validation);
  bool train_epoch(Run& run);
  std::pair<double, Tensor> train_step(const Tensor& input, const Tensor& target);
  void step(Metrics& metrics, const Tensor& input, const Tensor& target);
  void end_epoch(Run& run, data::DataLoader* validation);
  bool improved(double loss);
  void prepare_folder() const;
  void save(Run& run);
  [[noreturn]] void fail_diverged(int64_t step, const std::string& what) const;
  Checkpoint make_checkpoint(const Run& run) const;
  void restore(Run& run);

  std::unique_ptr<CompiledStep> compiled_step_;  ///< null where steps aren't compiled
  nn::AnyModule model_;
  optim::Optimizer& optimizer_;
  TrainerOptions options_;
  optim::Schedule* by_step_ = nullptr;
  optim::Schedule* by_epoch_ = nullptr;
  optim::ReduceLROnPlateau* by_loss_ = nullptr;
  optim::GradScaler scaler_;
  std::optional<Checkpoint> resumed_;
  int64_t step_ = 0;
  double best_loss_;
  int64_t epochs_without_improvement_ = 0;
};

}  // namespace tenon::train
