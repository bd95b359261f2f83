#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "apps/tenon/command.h"
#include "apps/tenon/digits.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/io/idx.h"
#include "tenon/io/png.h"
#include "tenon/models/digits_input.h"
#include "tenon/ops/functions.h"

namespace tenon::app {
namespace {

struct PredictArguments {
  std::string file;
  std::string image;
  int64_t index = 0;
};

bool is_png(const std::string& path) {
  char signature[4] = {};
  std::ifstream(path, std::ios::binary).read(signature, 4);
  return std::equal(signature, signature + 4, "\x89PNG");
}

/// The picture of a PNG, or picture `index` of an IDX file.
Tensor read_picture(const std::string& path, int64_t index) {
  if (is_png(path)) return read_png(path);
  const Tensor images = read_idx(path);
  if (images.dim() != 3) {
    fail<ShapeError>("predict", fmt::format("{} holds {}; expected images, [count, height, width]",
                                            path, to_string(images.sizes())));
  }
  if (index < 0 || index >= images.size(0)) {
    fail<IndexError>("predict", fmt::format("--index {} is outside of {}, which holds {} images",
                                            index, path, images.size(0)));
  }
  return images.select(0, index);
}

void predict(const PredictArguments& arguments, Session& session) {
  const NoGrad no_grad;
  const models::DigitsCNN model = load_network(arguments.file);
  const Tensor image = models::digit_image(read_picture(arguments.image, arguments.index));
  const Tensor logits = model(models::digits_input(image));
  const std::vector<double> probabilities = softmax(logits.to(kFloat64), 1).to_vector<double>();
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  const auto digit = static_cast<int>(best - probabilities.begin());
  fmt::print("{}\n", models::image_as_text(image));
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const double share = probabilities[i];
    fmt::print("{}  {:8.4f}%  {}\n", i, 100 * share,
               std::string(static_cast<size_t>(share * 40 + 0.5), '#'));
  }
  fmt::print("\nprediction: {} ({:.2f}%)\n", digit, 100 * *best);
  session.result["file"] = arguments.file;
  session.result["image"] = arguments.image;
  session.result["prediction"] = digit;
  session.result["probabilities"] = probabilities;
}

}  // namespace

void add_predict(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<PredictArguments>();
  CLI::App* command = add_command(
      app, session, "predict", "Read one digit: draw it, and print how likely each one is",
      "  tenon predict digits.safetensors seven.png\n"
      "  tenon predict digits.safetensors t10k-images-idx3-ubyte.gz --index 42\n",
      [arguments](Session& run) { predict(*arguments, run); });
  command->add_option("FILE", arguments->file, "Weights that `tenon train` wrote")->required();
  command->add_option("IMAGE", arguments->image, "A PNG of any size, or an IDX file of images")
      ->required();
  command->add_option("--index", arguments->index, "Which image of an IDX file, from 0")
      ->capture_default_str();
}

}  // namespace tenon::app
