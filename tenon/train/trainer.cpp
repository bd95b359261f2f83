#include "tenon/train/trainer.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tenon/dispatch/autocast.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/compile.h"
#include "tenon/nn/clip_grad.h"
#include "tenon/ops/functions.h"
#include "tenon/train/interrupt.h"
#include "tenon/train/progress.h"
#include "tenon/train/training_state_internal.h"

namespace tenon::train {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

bool all_finite(const std::vector<Tensor>& tensors) {
  const NoGrad no_grad;
  for (const Tensor& tensor : tensors) {
    // A sum is finite where all of its terms are, unless it overflows; then they are looked at.
    if (std::isfinite(sum(tensor).item().to_double())) continue;
    if (sum(isfinite(tensor)).item().to_int() != tensor.numel()) return false;
  }
  return true;
}

int64_t samples_per_epoch(const data::DataLoader& loader) {
  const data::DataLoaderOptions& options = loader.options();
  return options.drop_last ? loader.size() * options.batch_size : loader.dataset().size();
}

std::string summary(const EpochResult& result, int64_t epochs) {
  std::string text =
      fmt::format("epoch {}/{}  {:.0f}/s  {}  loss {:.4f}", result.epoch, epochs,
                  result.seconds > 0 ? static_cast<double>(result.samples) / result.seconds : 0,
                  clock_text(result.seconds), result.train_loss);
  if (!std::isnan(result.train_accuracy)) {
    text += fmt::format("  accuracy {:.2f}%", 100 * result.train_accuracy);
  }
  if (!std::isnan(result.validation_loss)) {
    text += fmt::format("  validation loss {:.4f}", result.validation_loss);
  }
  if (!std::isnan(result.validation_accuracy)) {
    text += fmt::format("  accuracy {:.2f}%", 100 * result.validation_accuracy);
  }
  return text;
}

/// Autocast to a half type within its life; nothing for kFloat32.
class Precision {
 public:
  explicit Precision(DType dtype) {
    if (dtype != kFloat32) autocast_.emplace(dtype);
  }

 private:
  std::optional<Autocast> autocast_;
};

/// As Checkpoint::load; its error says how to go on.
Checkpoint load_checkpoint(const std::string& path) {
  try {
    return Checkpoint::load(path);
  } catch (const IoError& error) {
    fail<IoError>("Trainer::resume",
                  fmt::format("{}; remove it to go on from the one before", error.what()));
  }
}

}  // namespace

DivergedError::~DivergedError() = default;

double FitResult::samples_per_second() const {
  double seconds = 0;
  int64_t samples = 0;
  for (const EpochResult& epoch : epochs) {
    seconds += epoch.seconds;
    samples += epoch.samples;
  }
  return seconds > 0 ? static_cast<double>(samples) / seconds : 0;
}

/// One call of `fit`.
struct Trainer::Run {
  data::DataLoader& loader;
  FitResult result;
  int64_t epoch = 0;  ///< epochs done
  Metrics metrics;    ///< of the running epoch
  InterruptGuard interrupt;
  int64_t saved_step = -1;
};

/// Holds what was seen of the steps.
struct Trainer::CompiledStep {
  Compiled<decltype(std::mem_fn(&Trainer::step))> run{std::mem_fn(&Trainer::step)};
};

Trainer::Trainer(nn::AnyModule model, optim::Optimizer& optimizer, TrainerOptions options)
    : model_(std::move(model)),
      optimizer_(optimizer),
      options_(std::move(options)),
      scaler_({.enabled = options_.precision == kFloat16}),
      best_loss_(std::numeric_limits<double>::infinity()) {
  if (options_.epochs < 0 || options_.checkpoint_every_steps < 0 ||
      options_.early_stopping_patience < 0) {
    fail<ValueError>("Trainer",
                     "expected epochs, checkpoint_every_steps and "
                     "early_stopping_patience of 0 or more");
  }
  const Precision checked(options_.precision);
  if (!options_.loss) options_.loss = default_loss;
  if (options_.compile) compiled_step_ = std::make_unique<CompiledStep>();
}

Trainer::~Trainer() = default;

void Trainer::schedule_by_step(optim::Schedule& schedule) { by_step_ = &schedule; }
void Trainer::schedule_by_epoch(optim::Schedule& schedule) { by_epoch_ = &schedule; }
void Trainer::schedule_by_loss(optim::ReduceLROnPlateau& schedule) { by_loss_ = &schedule; }

FitResult Trainer::fit(data::DataLoader& loader) { return fit(loader, nullptr); }
FitResult Trainer::fit(data::DataLoader& loader, data::DataLoader& validation) {
  return fit(loader, &validation);
}

FitResult Trainer::fit(data::DataLoader& loader, data::DataLoader* validation) {
  const ModeOf mode(model_.get(), true);
  Run run{.loader = loader};
  if (resumed_) restore(run);
  if (run.epoch < options_.epochs) prepare_folder();
  while (run.epoch < options_.epochs && run.result.reason == StopReason::kDone) {
    if (train_epoch(run)) {
      end_epoch(run, validation);
    } else {
      run.result.reason = StopReason::kInterrupted;
    }
  }
  if (run.result.reason == StopReason::kInterrupted) {
    save(run);
    log_line(
        run.result.checkpoint.empty()
            ? fmt::format("interrupted after step {}; no checkpoint folder is set", step_)
            : fmt::format("interrupted after step {}; saved to {}", step_, run.result.checkpoint));
  }
  run.result.steps = step_;
  return std::move(run.result);
}

/// The loss and the model's output.
std::pair<double, Tensor> Trainer::train_step(const Tensor& input, const Tensor& target) {
  optimizer_.zero_grad();
  Tensor output, loss;
  {
    const Precision precision(options_.precision);
    output = model_(input);
    loss = options_.loss(output, target);
  }
  const double value = loss.item().to_double();
  if (!std::isfinite(value)) fail_diverged(step_ + 1, fmt::format("the loss is {}", value));
  scaler_.scale(loss).backward();
  if (options_.clip_grad_norm) {
    scaler_.unscale_(optimizer_);
    const double norm = nn::clip_grad_norm_(optimizer_.parameters(), *options_.clip_grad_norm);
    // Scaled gradients may overflow: the scaler leaves such a step out.
    if (!std::isfinite(norm) && !scaler_.is_enabled()) {
      fail_diverged(step_ + 1, fmt::format("the gradients' norm is {}", norm));
    }
  }
  scaler_.step(optimizer_);
  scaler_.update();
  return {value, output.detach()};
}

void Trainer::step(Metrics& metrics, const Tensor& input, const Tensor& target) {
  const auto [loss, output] = train_step(input, target);
  metrics.add(loss, output, target);
}

bool Trainer::train_epoch(Run& run) {
  Progress progress(fmt::format("epoch {}/{}", run.epoch + 1, options_.epochs),
                    samples_per_epoch(run.loader), options_.progress);
  progress.start_at(run.metrics.samples());
  const int64_t first = run.metrics.samples();
  for (const auto& [input, target] : run.loader) {
    if (compiled_step_) {
      compiled_step_->run(*this, run.metrics, input, target);
    } else {
      step(run.metrics, input, target);
    }
    if (by_step_) by_step_->step();
    ++step_;
    progress.update(run.metrics.samples(), run.metrics.loss());
    if (run.interrupt.interrupted()) {
      progress.finish();
      return false;
    }
    if (options_.checkpoint_every_steps > 0 && step_ % options_.checkpoint_every_steps == 0) {
      save(run);
    }
  }
  progress.finish();
  run.result.epochs.push_back(
      {.epoch = run.epoch + 1,
       .train_loss = run.metrics.loss(),
       .train_accuracy = run.metrics.has_accuracy() ? run.metrics.accuracy() : kUnknown,
       .validation_loss = kUnknown,
       .validation_accuracy = kUnknown,
       .seconds = progress.seconds(),
       .samples = run.metrics.samples() - first});
  return true;
}

void Trainer::end_epoch(Run& run, data::DataLoader* validation) {
  EpochResult& result = run.result.epochs.back();
  if (validation) {
    const Evaluation evaluation = evaluate(*validation);
    result.validation_loss = evaluation.loss;
    result.validation_accuracy = evaluation.accuracy;
  }
  const double watched = validation ? result.validation_loss : result.train_loss;
  if (by_epoch_) by_epoch_->step();
  if (by_loss_) by_loss_->step(watched);
  result.learning_rate = optimizer_.learning_rate();
  ++run.epoch;
  run.metrics = {};
  if (!improved(watched) && options_.early_stopping_patience > 0 &&
      epochs_without_improvement_ >= options_.early_stopping_patience) {
    run.result.reason = StopReason::kEarlyStopping;
  }
  if (options_.progress) log_line(summary(result, options_.epochs));
  save(run);
}

bool Trainer::improved(double loss) {
  if (loss < best_loss_) {
    best_loss_ = loss;
    epochs_without_improvement_ = 0;
    return true;
  }
  ++epochs_without_improvement_;
  return false;
}

void Trainer::fail_diverged(int64_t step, const std::string& what) const {
  std::string kept;
  if (!options_.checkpoint_folder.empty()) {
    const auto latest = CheckpointFolder(options_.checkpoint_folder).latest();
    kept = latest ? fmt::format("the last checkpoint is {}; ", *latest) : "no checkpoint yet; ";
  }
  throw DivergedError(fmt::format("[Trainer::fit] step {}: {}; {}try a lower learning rate or "
                                  "clip_grad_norm",
                                  step, what, kept),
                      step);
}

void Trainer::prepare_folder() const {
  if (options_.checkpoint_folder.empty()) return;
  const CheckpointFolder folder(options_.checkpoint_folder, options_.checkpoints_kept);
  folder.prepare();
  // A later step of another run would be taken for this one's newest, and be resumed.
  if (const auto latest = folder.latest(); step_ == 0 && latest) {
    fail<ValueError>("Trainer::fit",
                     fmt::format("{} is of an earlier run; resume() that one, or name an empty "
                                 "checkpoint_folder",
                                 *latest));
  }
}

void Trainer::save(Run& run) {
  if (options_.checkpoint_folder.empty() || run.saved_step == step_) return;
  if (!all_finite(model_->parameters())) fail_diverged(step_, "a weight is not finite");
  const CheckpointFolder folder(options_.checkpoint_folder, options_.checkpoints_kept);
  run.result.checkpoint = folder.save(make_checkpoint(run), step_);
  run.saved_step = step_;
}

Evaluation Trainer::evaluate(data::DataLoader& loader) {
  const Precision precision(options_.precision);
  return train::evaluate(model_, loader, options_.loss);
}

Tensor Trainer::predict(data::DataLoader& loader) {
  const Precision precision(options_.precision);
  return train::predict(model_, loader);
}

Checkpoint Trainer::make_checkpoint(const Run& run) const {
  Checkpoint checkpoint;
  checkpoint.add_tensors("model", model_->state_dict());
  checkpoint.add_tensors("optimizer", optimizer_.state_dict());
  if (scaler_.is_enabled()) checkpoint.add_tensors("grad_scaler", scaler_.state_dict());
  if (by_step_) checkpoint.add_tensors("schedule_by_step", by_step_->state_dict());
  if (by_epoch_) checkpoint.add_tensors("schedule_by_epoch", by_epoch_->state_dict());
  if (by_loss_) checkpoint.add_tensors("schedule_by_loss", by_loss_->state_dict());
  checkpoint.set_generator("generator", default_generator());
  checkpoint.set_int("step", step_);
  checkpoint.set_int("epoch", run.epoch);
  checkpoint.set_double("best_loss", best_loss_);
  checkpoint.set_int("epochs_without_improvement", epochs_without_improvement_);
  checkpoint.set_bool("stopped_early", run.result.reason == StopReason::kEarlyStopping);
  run.metrics.save(checkpoint, "metrics");
  save_epochs(checkpoint, run.result.epochs);
  checkpoint.set_int("loader.epoch", run.loader.state().epoch);
  checkpoint.set_int("loader.position", run.loader.state().position);
  return checkpoint;
}

bool Trainer::resume() {
  if (options_.checkpoint_folder.empty()) {
    fail<ValueError>("Trainer::resume", "set checkpoint_folder to the folder to resume from");
  }
  const CheckpointFolder folder(options_.checkpoint_folder, options_.checkpoints_kept);
  const std::optional<std::string> path = folder.latest();
  if (!path) return false;
  Checkpoint checkpoint = load_checkpoint(*path);
  model_->load_state_dict(checkpoint.tensors_of("model"));
  optimizer_.load_state_dict(checkpoint.tensors_of("optimizer"));
  if (scaler_.is_enabled()) scaler_.load_state_dict(checkpoint.tensors_of("grad_scaler"));
  if (by_step_) by_step_->load_state_dict(checkpoint.tensors_of("schedule_by_step"));
  if (by_epoch_) by_epoch_->load_state_dict(checkpoint.tensors_of("schedule_by_epoch"));
  if (by_loss_) by_loss_->load_state_dict(checkpoint.tensors_of("schedule_by_loss"));
  step_ = checkpoint.get_int("step");
  best_loss_ = checkpoint.get_double("best_loss");
  epochs_without_improvement_ = checkpoint.get_int("epochs_without_improvement");
  resumed_ = std::move(checkpoint);
  return true;
}

void Trainer::restore(Run& run) {
  const Checkpoint checkpoint = std::move(*resumed_);
  resumed_.reset();
  run.epoch = checkpoint.get_int("epoch");
  run.metrics.load(checkpoint, "metrics");
  run.result.epochs = load_epochs(checkpoint);
  if (checkpoint.get_bool("stopped_early")) run.result.reason = StopReason::kEarlyStopping;
  run.saved_step = step_;
  run.loader.set_state({checkpoint.get_int("loader.epoch"), checkpoint.get_int("loader.position")});
  default_generator() = checkpoint.get_generator("generator");
}

}  // namespace tenon::train
