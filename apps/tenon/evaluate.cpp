#include <fmt/format.h>

#include <memory>

#include "apps/tenon/command.h"
#include "apps/tenon/digits.h"
#include "tenon/base/parallel.h"
#include "tenon/data/data_loader.h"
#include "tenon/train/trainer.h"

namespace tenon::app {
namespace {

struct EvaluateArguments {
  std::string file;
  std::string data;
  int64_t batch_size = 256;
  int threads = 0;
};

void evaluate(const EvaluateArguments& arguments, Session& session) {
  if (arguments.threads > 0) set_num_threads(arguments.threads);
  models::DigitsCNN model = load_network(arguments.file);
  const data::TrainAndTest digits = load_digits(arguments.data);
  data::DataLoader loader(digits.test, {.batch_size = arguments.batch_size});
  const train::Evaluation result = train::evaluate(model, loader);
  session.result["file"] = arguments.file;
  session.result["test_accuracy"] = result.accuracy;
  session.result["test_loss"] = result.loss;
  session.result["images"] = result.samples;
  fmt::print("accuracy {:.2f}%, loss {:.4f} on {} images\n", 100 * result.accuracy, result.loss,
             result.samples);
}

}  // namespace

void add_evaluate(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<EvaluateArguments>();
  CLI::App* command = add_command(
      app, session, "evaluate", "Measure saved weights on test images",
      "  tenon evaluate digits.safetensors                # on digits that Tenon draws\n"
      "  tenon evaluate digits.safetensors --data mnist --json result.json\n",
      [arguments](Session& run) { evaluate(*arguments, run); });
  command->add_option("FILE", arguments->file, "Weights that `tenon train` wrote")->required();
  command
      ->add_option("--data", arguments->data,
                   "Folder of IDX files (plain or .gz); without it Tenon draws digits")
      ->type_name("DIR");
  command->add_option("--batch-size", arguments->batch_size, "Images at a time")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}));
  command->add_option("--threads", arguments->threads, "Threads to use")
      ->check(CLI::Range(1, 4096));
}

}  // namespace tenon::app
