#include <fmt/format.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include "apps/tenon/command.h"
#include "apps/tenon/digits.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"
#include "tenon/core/generator.h"
#include "tenon/data/data_loader.h"
#include "tenon/data/transforms.h"
#include "tenon/io/atomic_file.h"
#include "tenon/io/checkpoint.h"
#include "tenon/optim/adam.h"
#include "tenon/optim/schedule.h"
#include "tenon/train/profiler.h"
#include "tenon/train/trainer.h"

namespace tenon::app {
namespace {

struct TrainArguments {
  std::string task;
  std::string data;
  std::string out = "digits.safetensors";
  std::string checkpoint;
  std::string profile;
  int64_t epochs = 10;
  int64_t batch_size = 64;
  uint64_t seed = 1;
  int threads = 0;
  int64_t checkpoint_every = 0;
  double learning_rate = 1.5e-3;
  DType precision = kFloat32;
  bool resume = false;
  bool eager = false;
};

void report(Session& session, const train::FitResult& fit, const train::Evaluation& test) {
  nlohmann::json& result = session.result;
  for (const char* name : {"train_loss", "train_accuracy", "validation_accuracy"}) {
    result[name] = nlohmann::json::array();
  }
  for (const train::EpochResult& epoch : fit.epochs) {
    result["train_loss"].push_back(epoch.train_loss);
    result["train_accuracy"].push_back(epoch.train_accuracy);
    result["validation_accuracy"].push_back(epoch.validation_accuracy);
  }
  result["steps"] = fit.steps;
  result["train_images_per_second"] = fit.samples_per_second();
  result["test_accuracy"] = test.accuracy;
  result["test_loss"] = test.loss;
  result["interrupted"] = fit.reason == train::StopReason::kInterrupted;
}

/// Throws what would else end hours of training without its result.
void check_outputs(const TrainArguments& arguments) {
  check_can_write(arguments.out, "--out");
  if (!arguments.profile.empty()) check_can_write(arguments.profile, "--profile");
  if (arguments.checkpoint.empty()) {
    if (!arguments.resume) return;
    fail<ValueError>("train", "--resume needs --checkpoint DIR, the folder to resume from");
  }
  const CheckpointFolder folder(arguments.checkpoint);
  if (const auto latest = folder.latest(); latest && !arguments.resume) {
    fail<ValueError>("--checkpoint", fmt::format("{} is of an earlier run; go on with it by "
                                                 "--resume, or name another folder",
                                                 *latest));
  }
  folder.prepare();
}

void train_digits(const TrainArguments& arguments, Session& session) {
  if (arguments.threads > 0) set_num_threads(arguments.threads);
  check_outputs(arguments);
  const data::TrainAndTest digits = load_digits(arguments.data);
  manual_seed(arguments.seed);
  models::DigitsCNN model({.dropout = 0.5});
  fmt::print("{}\n{} images to train on, {} to test, {} threads, seed {}\n", model.to_string(),
             digits.train.size(), digits.test.size(), num_threads(), arguments.seed);

  data::DataLoader loader(
      digits.train,
      {.batch_size = arguments.batch_size,
       .shuffle = true,
       .seed = arguments.seed,
       .transform = data::compose({data::random_rotation(10), data::random_shift(2)})});
  data::DataLoader test(digits.test, {.batch_size = 256});
  optim::AdamW optimizer(model.parameters(), {.learning_rate = arguments.learning_rate});
  const int64_t steps = std::max<int64_t>(1, arguments.epochs * loader.size());
  const int64_t warmup = std::max<int64_t>(1, std::min<int64_t>(100, steps / 10));
  optim::SequentialLR schedule(
      {warmup}, optim::LinearWarmup(optimizer, {.steps = warmup, .start_factor = 0.1}),
      optim::CosineAnnealingLR(optimizer, {.steps = std::max<int64_t>(1, steps - warmup)}));
  train::Trainer trainer(model, optimizer,
                         {.epochs = arguments.epochs,
                          .compile = !arguments.eager,
                          .checkpoint_folder = arguments.checkpoint,
                          .checkpoint_every_steps = arguments.checkpoint_every,
                          .precision = arguments.precision});
  trainer.schedule_by_step(schedule);
  if (arguments.resume && !trainer.resume()) {
    fmt::print("nothing to resume in {}; starting anew\n", arguments.checkpoint);
  }
  std::optional<Profiler> profiler;
  if (!arguments.profile.empty()) profiler.emplace();
  const train::FitResult fit = trainer.fit(loader, test);
  if (profiler) {
    profiler->stop();
    profiler->export_chrome_trace(arguments.profile);
    fmt::print("{}trace in {}\n", profiler->table(), arguments.profile);
  }
  save(model.state_dict(), arguments.out, network_metadata());
  const train::Evaluation result = trainer.evaluate(test);
  report(session, fit, result);
  session.result["out"] = arguments.out;
  fmt::print("test accuracy {:.2f}% on {} images, {:.0f} training images/s; weights in {}\n",
             100 * result.accuracy, result.samples, fit.samples_per_second(), arguments.out);
  if (fit.reason == train::StopReason::kInterrupted) session.exit_code = 1;
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = add_command(
      app, session, "train", "Train a network and save its weights",
      "  tenon train digits --epochs 3\n"
      "  tenon train digits --data mnist --out mnist.safetensors --json result.json\n"
      "  tenon train digits --checkpoint run --checkpoint-every 50   # Ctrl-C saves, too\n"
      "  tenon train digits --checkpoint run --resume                # goes on where it stopped\n",
      [arguments](Session& run) { train_digits(*arguments, run); });
  command->add_option("TASK", arguments->task, "What to learn: digits")
      ->required()
      ->check(CLI::IsMember({"digits"}));
  command
      ->add_option("--data", arguments->data,
                   "Folder of IDX files (plain or .gz) as MNIST's; without it Tenon draws digits")
      ->type_name("DIR");
  command->add_option("--epochs", arguments->epochs, "Times through the training images")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{0}, int64_t{1000000}));
  command->add_option("--batch-size", arguments->batch_size, "Images a step")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}));
  command->add_option("--learning-rate", arguments->learning_rate, "AdamW's, at its peak")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  const std::map<std::string, DType> precisions = {
      {"f32", kFloat32}, {"bf16", kBFloat16}, {"f16", kFloat16}};
  command
      ->add_option("--precision", arguments->precision,
                   "f32, or mixed precision: weights stay float32, matrix products and "
                   "convolutions take bf16 or f16")
      ->transform(CLI::CheckedTransformer(precisions).description("f32|bf16|f16"));
  command->add_option("--seed", arguments->seed, "The same seed gives the same bits")
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "Threads to use; the result is the same")
      ->check(CLI::Range(1, 4096));
  command
      ->add_option(
          "--profile", arguments->profile,
          "Write what ran, and when, to this file, for chrome://tracing, and print a table")
      ->type_name("FILE");
  command->add_flag("--eager", arguments->eager, "Run steps op by op, not compiled");
  command->add_option("--out", arguments->out, "Where the weights go (safetensors)")
      ->capture_default_str()
      ->type_name("FILE");
  CLI::Option* const checkpoint =
      command
          ->add_option("--checkpoint", arguments->checkpoint, "Folder for checkpoints, every epoch")
          ->type_name("DIR");
  command->add_option("--checkpoint-every", arguments->checkpoint_every, "Also after so many steps")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
      ->type_name("STEPS")
      ->needs(checkpoint);
  command
      ->add_flag("--resume", arguments->resume,
                 "Go on from the newest checkpoint, to the same bits")
      ->needs(checkpoint);
}

}  // namespace tenon::app
