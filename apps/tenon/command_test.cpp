#include "apps/tenon/command.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <vector>

#include "apps/tenon/digits.h"
#include "apps/tenon/suggest.h"
#include "tenon/io/idx.h"
#include "tenon/io/png.h"
#include "tenon/ops/functions.h"

namespace tenon::app {
namespace {

/// Runs the command in a folder that goes with the test.
class Command : public testing::Test {
 protected:
  Command() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tenon-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Command() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  int tenon(std::initializer_list<std::string> arguments) {
    std::vector<const char*> argv{"tenon"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return run(static_cast<int>(argv.size()), argv.data());
  }
  nlohmann::json json(const std::string& name) const {
    std::ifstream file(path(name));
    return nlohmann::json::parse(file);
  }
  std::string save_network() {
    const models::DigitsCNN model;
    save(model.state_dict(), path("w.safetensors"), network_metadata());
    return path("w.safetensors");
  }

  std::string folder_;
};

TEST_F(Command, ExitCodesTellUsageFromErrors) {
  EXPECT_EQ(tenon({"--help"}), 0);
  EXPECT_EQ(tenon({"train", "--help"}), 0);
  EXPECT_EQ(tenon({}), 2);
  EXPECT_EQ(tenon({"fly"}), 2);
  EXPECT_EQ(tenon({"train"}), 2);
  EXPECT_EQ(tenon({"train", "letters"}), 2);
  EXPECT_EQ(tenon({"train", "digits", "--epochs", "many"}), 2);
  EXPECT_EQ(tenon({"train", "digits", "--resume"}), 2);
  EXPECT_EQ(tenon({"train", "digits", "--checkpoint-every", "5"}), 2);
  EXPECT_EQ(tenon({"train", "digits", "--data", path("nothing")}), 1);
  EXPECT_EQ(tenon({"inspect", path("nothing")}), 1);
  EXPECT_EQ(tenon({"version", "--json", path("no/folder.json")}), 1);
}

TEST(ClosestName, ForgivesTwoSlips) {
  const std::vector<std::string> names = {"train", "evaluate", "predict", "inspect"};
  EXPECT_EQ(closest_name("trian", names), "train");
  EXPECT_EQ(closest_name("trainn", names), "train");
  EXPECT_EQ(closest_name("rain", names), "train");
  EXPECT_EQ(closest_name("evalaute", names), "evaluate");
  EXPECT_EQ(closest_name("prodicts", names), "predict");
  EXPECT_EQ(closest_name("tr", names), "");
  EXPECT_EQ(closest_name("fly", names), "");
  EXPECT_EQ(closest_name("", names), "");
}

TEST_F(Command, VersionAndDoctorWriteJson) {
  EXPECT_EQ(tenon({"version", "--json", path("v.json")}), 0);
  EXPECT_EQ(json("v.json")["command"], "version");
  EXPECT_FALSE(json("v.json")["version"].get<std::string>().empty());
  EXPECT_EQ(tenon({"doctor", "--json", path("d.json")}), 0);
  for (const char* key : {"threads", "instruction set", "oneDNN", "memory", "memory limit"}) {
    EXPECT_TRUE(json("d.json").contains(key)) << key;
  }
}

TEST_F(Command, InspectListsTensors) {
  EXPECT_EQ(tenon({"inspect", save_network(), "--json", path("i.json")}), 0);
  const nlohmann::json result = json("i.json");
  ASSERT_EQ(result["tensors"].size(), 8u);
  EXPECT_EQ(result["tensors"][0]["name"], "conv1.weight");
  EXPECT_EQ(result["tensors"][0]["shape"], nlohmann::json({32, 1, 3, 3}));
  EXPECT_EQ(result["metadata"]["tenon.model"], "digits_cnn");
}

TEST_F(Command, PredictReadsPngAndIdx) {
  const std::string weights = save_network();
  Tensor images = zeros({2, 28, 28}, kUInt8);
  for (int i = 0; i < 28; ++i) images.data<uint8_t>()[28 * 28 + 28 * i + 14] = 255;
  write_idx(images, path("images"));
  write_png(images.select(0, 1).clone(), path("one.png"));
  EXPECT_EQ(tenon({"predict", weights, path("one.png"), "--json", path("png.json")}), 0);
  EXPECT_EQ(tenon({"predict", weights, path("images"), "--index", "1", "--json", path("idx.json")}),
            0);
  const std::vector<double> probabilities = json("png.json")["probabilities"];
  ASSERT_EQ(probabilities.size(), 10u);
  double total = 0;
  for (const double probability : probabilities) total += probability;
  EXPECT_NEAR(total, 1, 1e-9);
  EXPECT_EQ(json("idx.json")["probabilities"], json("png.json")["probabilities"]);
  EXPECT_EQ(tenon({"predict", weights, path("images"), "--index", "2"}), 1);
  EXPECT_EQ(tenon({"predict", path("images"), path("one.png")}), 1);
}

TEST_F(Command, TrainsEvaluatesAndResumes) {
  Tensor images = zeros({50, 28, 28}, kUInt8), labels = zeros({50}, kUInt8);
  for (int i = 0; i < 50; ++i) {
    labels.data<uint8_t>()[i] = static_cast<uint8_t>(i % 2);
    for (int x = 0; x < 20; ++x) images.data<uint8_t>()[(i * 28 + 8 + 12 * (i % 2)) * 28 + x] = 255;
  }
  write_idx(images, path("t10k-images-idx3-ubyte"));
  write_idx(labels, path("t10k-labels-idx1-ubyte.gz"));
  const std::string weights = path("w.safetensors");
  ASSERT_EQ(tenon({"train", "digits", "--data", folder_, "--epochs", "2", "--batch-size", "10",
                   "--out", weights, "--checkpoint", path("run"), "--json", path("t.json")}),
            0);
  const nlohmann::json result = json("t.json");
  EXPECT_EQ(result["train_loss"].size(), 2u);
  EXPECT_GT(result["train_images_per_second"].get<double>(), 0);
  ASSERT_EQ(tenon({"evaluate", weights, "--data", folder_, "--json", path("e.json")}), 0);
  EXPECT_EQ(json("e.json")["test_accuracy"], result["test_accuracy"]);
  EXPECT_EQ(json("e.json")["images"], 10);
  ASSERT_EQ(tenon({"train", "digits", "--data", folder_, "--epochs", "2", "--batch-size", "10",
                   "--out", path("again.safetensors"), "--checkpoint", path("run"), "--resume",
                   "--json", path("r.json")}),
            0);
  EXPECT_EQ(json("r.json")["train_loss"], result["train_loss"]);
  EXPECT_EQ(json("r.json")["test_loss"], result["test_loss"]);
  ASSERT_EQ(
      tenon({"train", "digits", "--data", folder_, "--epochs", "2", "--batch-size", "10",
             "--precision", "bf16", "--out", path("mixed.safetensors"), "--json", path("m.json")}),
      0);
  EXPECT_NEAR(json("m.json")["train_loss"][0].get<double>(), result["train_loss"][0].get<double>(),
              0.05);
  EXPECT_NE(json("m.json")["train_loss"], result["train_loss"]);
  EXPECT_EQ(tenon({"train", "digits", "--precision", "f8"}), 2);
}

}  // namespace
}  // namespace tenon::app
