#include "tenon/train/trainer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <thread>

#include "tenon/core/generator.h"
#include "tenon/nn/nn.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/optim.h"
#include "tenon/train/interrupt.h"

extern char** environ;

namespace tenon::train {
namespace {

constexpr const char* kFolderVariable = "TENON_TEST_TRAIN_FOLDER";
constexpr int64_t kCheckpointEvery = 7;

/// A folder of its own that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tenon-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Points in four quadrants; the class is the quadrant.
data::TensorDataset quadrants(int64_t count) {
  Generator generator(42);
  const Tensor points = randn({count, 2}, kFloat32, kCpu, &generator);
  Tensor labels = zeros({count}, kInt64);
  for (int64_t i = 0; i < count; ++i) {
    const float* point = points.data<float>() + 2 * i;
    labels.data<int64_t>()[i] = (point[0] > 0 ? 1 : 0) + (point[1] > 0 ? 2 : 0);
  }
  return data::TensorDataset(points, labels);
}

nn::Sequential make_model() {
  return nn::Sequential(nn::Linear(2, 16), nn::BatchNorm1d(16), nn::ReLU(), nn::Dropout(0.2),
                        nn::Linear(16, 4));
}

/// A run with everything that has state: dropout, batch norm, Adam, a schedule, shuffling.
struct Experiment {
  explicit Experiment(TrainerOptions options)
      : loader(quadrants(200), {.batch_size = 10, .shuffle = true, .seed = 5}),
        validation(quadrants(50), {.batch_size = 25}),
        model((manual_seed(9), make_model())),
        optimizer(model.parameters(), {.learning_rate = 0.01}),
        schedule(optimizer, {.steps = 60}),
        trainer(model, optimizer, std::move(options)) {
    trainer.schedule_by_step(schedule);
  }

  data::DataLoader loader;
  data::DataLoader validation;
  nn::Sequential model;
  optim::Adam optimizer;
  optim::CosineAnnealingLR schedule;
  Trainer trainer;
};

TrainerOptions quiet(int64_t epochs) { return {.epochs = epochs, .progress = false}; }

TrainerOptions with_checkpoints(const std::string& folder) {
  TrainerOptions options = quiet(3);
  options.checkpoint_folder = folder;
  options.checkpoint_every_steps = kCheckpointEvery;
  return options;
}

void expect_same_bits(const StateDict& a, const StateDict& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    const Tensor& other = b.at(name);
    ASSERT_EQ(tensor.nbytes(), other.nbytes());
    EXPECT_EQ(std::memcmp(tensor.raw_data(), other.raw_data(), tensor.nbytes()), 0) << name;
  }
}

TEST(Trainer, Learns) {
  Experiment experiment(quiet(20));
  const FitResult result = experiment.trainer.fit(experiment.loader, experiment.validation);
  ASSERT_EQ(result.epochs.size(), 20u);
  EXPECT_EQ(result.steps, 20 * 20);
  EXPECT_EQ(result.epochs[0].samples, 200);
  EXPECT_LT(result.epochs.back().train_loss, 0.6 * result.epochs.front().train_loss);
  const Evaluation evaluation = experiment.trainer.evaluate(experiment.validation);
  EXPECT_GT(evaluation.accuracy, 0.9);
  EXPECT_EQ(evaluation.samples, 50);
  EXPECT_EQ(evaluation.accuracy, result.epochs.back().validation_accuracy);
  const Tensor outputs = experiment.trainer.predict(experiment.validation);
  EXPECT_EQ(outputs.sizes(), (Shape{50, 4}));
  EXPECT_FALSE(outputs.requires_grad());
  EXPECT_TRUE(experiment.model.is_training());
}

TEST(Trainer, LearnsInMixedPrecision) {
  for (const DType precision : {kBFloat16, kFloat16}) {
    TrainerOptions options = quiet(20);
    options.precision = precision;
    options.clip_grad_norm = 1.0;
    Experiment experiment(std::move(options));
    const FitResult result = experiment.trainer.fit(experiment.loader, experiment.validation);
    EXPECT_LT(result.epochs.back().train_loss, 0.6 * result.epochs.front().train_loss);
    EXPECT_GT(experiment.trainer.evaluate(experiment.validation).accuracy, 0.9);
    EXPECT_EQ(experiment.trainer.predict(experiment.validation).dtype(), precision);
    for (const Tensor& parameter : experiment.model.parameters()) {
      EXPECT_EQ(parameter.dtype(), kFloat32);
    }
  }
  TrainerOptions wrong = quiet(1);
  wrong.precision = kFloat64;
  EXPECT_THROW(Experiment(std::move(wrong)), DTypeError);
}

TEST(Trainer, CompiledStepsTrainAsEagerOnes) {
  for (const bool clips : {false, true}) {
    TrainerOptions options = quiet(4);
    if (clips) options.clip_grad_norm = 0.5;
    Experiment compiled(options);
    const FitResult got = compiled.trainer.fit(compiled.loader, compiled.validation);
    options.compile = false;
    Experiment eager(options);
    const FitResult want = eager.trainer.fit(eager.loader, eager.validation);
    ASSERT_EQ(got.epochs.size(), want.epochs.size());
    for (size_t i = 0; i < want.epochs.size(); ++i) {
      EXPECT_NEAR(got.epochs[i].train_loss, want.epochs[i].train_loss, 1e-4) << i;
      EXPECT_NEAR(got.epochs[i].validation_loss, want.epochs[i].validation_loss, 1e-4) << i;
      EXPECT_EQ(got.epochs[i].train_accuracy, want.epochs[i].train_accuracy) << i;
    }
  }
}

TEST(TrainerResume, GivesTheSameBitsInFloat16) {
  const TemporaryFolder folder, other;
  const auto train = [&](const std::string& path, int64_t epochs) {
    TrainerOptions options = with_checkpoints(path);
    options.precision = kFloat16;
    options.epochs = epochs;
    Experiment experiment(std::move(options));
    experiment.trainer.resume();
    experiment.trainer.fit(experiment.loader);
    return experiment.model.state_dict();
  };
  train(folder.path(), 1);  // ends with a scale that was lowered
  expect_same_bits(train(folder.path(), 3), train(other.path(), 3));
}

/// Trains in the folder that the environment names (as the process that is killed below), else in
/// one of its own; slowly in the first case, so that there is time to kill it.
TEST(TrainerResume, WritesCheckpointsOnItsWay) {
  const TemporaryFolder own;
  const char* given = std::getenv(kFolderVariable);
  TrainerOptions options = with_checkpoints(given ? given : own.path());
  options.loss = [given](const Tensor& output, const Tensor& target) {
    if (given) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return cross_entropy(output, target);
  };
  Experiment experiment(std::move(options));
  const FitResult result = experiment.trainer.fit(experiment.loader, experiment.validation);
  EXPECT_EQ(result.steps, 60);
  EXPECT_TRUE(std::filesystem::exists(result.checkpoint));
}

TEST(TrainerResume, GivesTheSameBitsAfterKill) {
  const TemporaryFolder folder;
  ASSERT_EQ(setenv(kFolderVariable, folder.path().c_str(), 1), 0);
  const char* arguments[] = {"train_tests", "--gtest_brief=1",
                             "--gtest_filter=TrainerResume.WritesCheckpointsOnItsWay", nullptr};
  pid_t child = 0;
  ASSERT_EQ(posix_spawn(&child, "/proc/self/exe", nullptr, nullptr,
                        const_cast<char* const*>(arguments), environ),
            0);
  unsetenv(kFolderVariable);
  const CheckpointFolder checkpoints(folder.path());
  const auto newest = [&] {
    const std::vector<int64_t> steps = checkpoints.steps();
    return steps.empty() ? 0 : steps.back();
  };
  // The second epoch ends at step 40: these are in its middle.
  for (int i = 0; i < 6000 && newest() < 4 * kCheckpointEvery; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the training ended before it was killed";
  ASSERT_LT(newest(), 60);

  Experiment resumed(with_checkpoints(folder.path()));
  ASSERT_TRUE(resumed.trainer.resume());
  const FitResult after = resumed.trainer.fit(resumed.loader, resumed.validation);
  Experiment straight(quiet(3));
  const FitResult whole = straight.trainer.fit(straight.loader, straight.validation);

  expect_same_bits(resumed.model.state_dict(), straight.model.state_dict());
  expect_same_bits(resumed.optimizer.state_dict(), straight.optimizer.state_dict());
  ASSERT_EQ(after.epochs.size(), whole.epochs.size());
  for (size_t i = 0; i < whole.epochs.size(); ++i) {
    EXPECT_EQ(after.epochs[i].train_loss, whole.epochs[i].train_loss);
    EXPECT_EQ(after.epochs[i].train_accuracy, whole.epochs[i].train_accuracy);
    EXPECT_EQ(after.epochs[i].validation_loss, whole.epochs[i].validation_loss);
  }
  EXPECT_EQ(after.steps, whole.steps);
}

TEST(TrainerResume, FindsNothingInAnEmptyFolder) {
  const TemporaryFolder folder;
  Experiment experiment(with_checkpoints(folder.path()));
  EXPECT_FALSE(experiment.trainer.resume());
  Experiment without(quiet(1));
  EXPECT_THROW(without.trainer.resume(), ValueError);
}

TEST(TrainerResume, RefusesAnotherModelsCheckpoint) {
  const TemporaryFolder folder;
  Experiment experiment(with_checkpoints(folder.path()));
  experiment.trainer.fit(experiment.loader);
  nn::Linear other(2, 4);
  optim::SGD optimizer(other.parameters());
  Trainer trainer(other, optimizer, with_checkpoints(folder.path()));
  EXPECT_THROW(trainer.resume(), ValueError);
}

TEST(Trainer, SavesAndStopsOnInterrupt) {
  const TemporaryFolder folder;
  TrainerOptions options = with_checkpoints(folder.path());
  options.checkpoint_every_steps = 0;
  int calls = 0;
  options.loss = [&calls](const Tensor& output, const Tensor& target) {
    if (++calls == 25) raise(SIGINT);
    return cross_entropy(output, target);
  };
  Experiment experiment(std::move(options));
  const FitResult result = experiment.trainer.fit(experiment.loader);
  EXPECT_EQ(result.reason, StopReason::kInterrupted);
  EXPECT_EQ(result.steps, 25);
  EXPECT_EQ(result.checkpoint, CheckpointFolder(folder.path()).path_of(25));

  Experiment resumed(with_checkpoints(folder.path()));
  ASSERT_TRUE(resumed.trainer.resume());
  resumed.trainer.fit(resumed.loader);
  Experiment straight(quiet(3));
  straight.trainer.fit(straight.loader);
  expect_same_bits(resumed.model.state_dict(), straight.model.state_dict());
}

TEST(Trainer, LeavesIgnoredSignalsIgnored) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  {
    const InterruptGuard guard;
    raise(SIGHUP);
    EXPECT_FALSE(guard.interrupted());
    raise(SIGTERM);
    EXPECT_TRUE(guard.interrupted());
  }
  EXPECT_EQ(std::signal(SIGHUP, before), SIG_IGN);
}

TEST(Trainer, ChecksItsFolderBeforeTraining) {
  int calls = 0;
  const auto fails_with = [&](const std::string& folder, const std::string& part) {
    TrainerOptions options = with_checkpoints(folder);
    options.loss = [&calls](const Tensor& output, const Tensor& target) {
      ++calls;
      return cross_entropy(output, target);
    };
    Experiment experiment(std::move(options));
    try {
      experiment.trainer.fit(experiment.loader);
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  fails_with("/proc/self", "[CheckpointFolder::prepare] /proc/self/checkpoint-");
  const TemporaryFolder folder;
  Experiment earlier(with_checkpoints(folder.path()));
  earlier.trainer.fit(earlier.loader);
  fails_with(folder.path(), "[Trainer::fit] " + CheckpointFolder(folder.path()).path_of(60) +
                                " is of an earlier run");
  EXPECT_EQ(calls, 0);
}

TEST(Trainer, StopsEarly) {
  TrainerOptions options = quiet(50);
  options.early_stopping_patience = 2;
  options.loss = [](const Tensor& output, const Tensor&) { return sum(output * 0.0) + 1.0; };
  Experiment experiment(std::move(options));
  const FitResult result = experiment.trainer.fit(experiment.loader);
  EXPECT_EQ(result.reason, StopReason::kEarlyStopping);
  EXPECT_EQ(result.epochs.size(), 3u);
}

TEST(Trainer, NamesTheStepThatDiverged) {
  const TemporaryFolder folder;
  TrainerOptions options = with_checkpoints(folder.path());
  int calls = 0;
  options.loss = [&calls](const Tensor& output, const Tensor& target) {
    const Tensor loss = cross_entropy(output, target);
    return ++calls == 24 ? loss * std::numeric_limits<double>::quiet_NaN() : loss;
  };
  Experiment experiment(std::move(options));
  try {
    experiment.trainer.fit(experiment.loader);
    FAIL() << "nothing was thrown";
  } catch (const DivergedError& error) {
    EXPECT_EQ(error.step(), 24);
    const std::string message = error.what(), kept = CheckpointFolder(folder.path()).path_of(21);
    EXPECT_NE(message.find("step 24: the loss is nan; the last checkpoint is " + kept),
              std::string::npos)
        << message;
  }
  EXPECT_EQ(CheckpointFolder(folder.path()).steps().back(), 21);
  for (const Tensor& parameter : experiment.model.parameters()) {
    for (const double value : parameter.to_vector<double>()) EXPECT_TRUE(std::isfinite(value));
  }
}

TEST(Trainer, NeverSavesBrokenWeights) {
  const TemporaryFolder folder;
  TrainerOptions options = with_checkpoints(folder.path());
  Experiment experiment(std::move(options));
  nn::init::constant_(experiment.model[4].as<nn::Linear>()->bias, 0);
  experiment.optimizer.set_learning_rate(1e38);
  optim::ExponentialLR reckless(experiment.optimizer, {.gamma = 1e6});
  experiment.trainer.schedule_by_step(reckless);
  EXPECT_THROW(experiment.trainer.fit(experiment.loader), DivergedError);
  for (const int64_t step : CheckpointFolder(folder.path()).steps()) {
    const Checkpoint saved = Checkpoint::load(CheckpointFolder(folder.path()).path_of(step));
    for (const auto& [name, tensor] : saved.tensors_of("model")) {
      for (const double value : tensor.to_vector<double>())
        EXPECT_TRUE(std::isfinite(value)) << name;
    }
  }
}

TEST(Trainer, ClipsAndFollowsSchedules) {
  TrainerOptions options = quiet(2);
  options.clip_grad_norm = 1e-3;
  nn::Linear model(2, 4);
  const std::vector<double> before = model.weight.to_vector<double>();
  optim::SGD optimizer(model.parameters(), {.learning_rate = 1});
  optim::StepLR schedule(optimizer, {.step_size = 1, .gamma = 0.5});
  Trainer trainer(model, optimizer, options);
  trainer.schedule_by_epoch(schedule);
  data::DataLoader loader(quadrants(20), {.batch_size = 10});
  const FitResult result = trainer.fit(loader);
  EXPECT_EQ(result.epochs[0].learning_rate, 0.5);
  EXPECT_EQ(result.epochs[1].learning_rate, 0.25);
  const std::vector<double> after = model.weight.to_vector<double>();
  double square = 0;
  for (size_t i = 0; i < after.size(); ++i) square += std::pow(after[i] - before[i], 2);
  EXPECT_LE(std::sqrt(square), 1e-3 * (2 * 1 + 2 * 0.5) * 1.001);
  EXPECT_TRUE(std::isnan(result.epochs[0].validation_loss));
}

}  // namespace
}  // namespace tenon::train
