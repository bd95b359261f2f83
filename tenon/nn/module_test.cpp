#include "tenon/nn/module.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tenon/base/error.h"
#include "tenon/nn/nn.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

struct Classifier : nn::Module {
  nn::Linear fc1 = child("fc1", nn::Linear(4, 3));
  nn::Linear fc2 = child("fc2", nn::Linear(3, 2));
  Tensor forward(const Tensor& x) override { return fc2(relu(fc1(x))); }
};

struct Scaled : nn::Module {
  nn::Parameter scale = parameter("scale", full({2}, 3.0));
  nn::Parameter seen = buffer("seen", zeros({}, kInt64));
  Tensor forward(const Tensor& x) override { return x * scale; }
};

std::vector<std::string> names_of(const std::vector<nn::NamedTensor>& named) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : named) names.push_back(name);
  return names;
}

template <class E, class F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Module, RegistersMembersInOrder) {
  Classifier model;
  EXPECT_EQ(names_of(model.named_parameters()),
            (std::vector<std::string>{"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}));
  EXPECT_TRUE(model.parameters()[0].is_same(model.fc1.weight));
  EXPECT_EQ(model.parameter_count(), 4 * 3 + 3 + 3 * 2 + 2);
  EXPECT_EQ(model.type_name(), "Classifier");
  for (const Tensor& parameter : model.parameters()) EXPECT_TRUE(parameter.requires_grad());
  Scaled scaled;
  EXPECT_EQ(names_of(scaled.named_buffers()), std::vector<std::string>{"seen"});
  EXPECT_FALSE(scaled.seen.requires_grad());
}

TEST(Module, IsCalledLikeAFunction) {
  Scaled model;
  EXPECT_EQ(model(full({2}, 2.0)).to_vector<float>(), (std::vector<float>{6, 6}));
}

TEST(Module, CopiesShareAndClonesDoNot) {
  Classifier model;
  const Classifier copy = model;
  Classifier twin = model.clone();
  const Tensor x = ones({1, 4});
  const std::vector<float> before = model(x).to_vector<float>();
  EXPECT_EQ(twin(x).to_vector<float>(), before);
  nn::init::constant_(model.fc2.bias, 100);
  nn::init::constant_(model.fc2.weight, 0);
  EXPECT_EQ(copy(x).to_vector<float>(), (std::vector<float>{100, 100}));
  EXPECT_EQ(twin(x).to_vector<float>(), before);
  EXPECT_EQ(names_of(twin.named_parameters()), names_of(model.named_parameters()));
  EXPECT_TRUE(twin.parameters()[2].is_same(twin.fc2.weight));
  EXPECT_TRUE(twin.fc1.weight.requires_grad());
}

TEST(Module, ClonesKeepTiedParametersTied) {
  struct Tied : nn::Module {
    nn::Linear encode = child("encode", nn::Linear(2, 2));
    nn::Linear decode = child("decode", nn::Linear(encode));
  };
  Tied model;
  EXPECT_EQ(model.parameters().size(), 2u);
  EXPECT_EQ(model.state_dict().size(), 4u);
  Tied twin = model.clone();
  EXPECT_TRUE(twin.encode.weight.is_same(twin.decode.weight));
  EXPECT_FALSE(twin.encode.weight.is_same(model.encode.weight));
}

TEST(Module, CloneRefusesPlainTensorMembers) {
  struct Plain : nn::Module {
    Tensor weight = parameter("weight", zeros({2}));
  };
  Plain model;
  const std::string message = message_of<ValueError>([&] { Plain twin = model.clone(); });
  EXPECT_NE(message.find("'weight' is also held by a member of type Tensor"), std::string::npos);
  EXPECT_THROW({ nn::Linear other = model.clone(); }, ValueError);
}

TEST(Module, MovesKeepParameters) {
  Classifier model;
  const Tensor weight = model.fc1.weight;
  const Classifier moved = std::move(model);
  EXPECT_TRUE(moved.parameters()[0].is_same(weight));
}

TEST(Module, RefusesBadNames) {
  struct Twice : nn::Module {
    nn::ReLU a = child("a", nn::ReLU());
    nn::ReLU b = child("a", nn::ReLU());
  };
  EXPECT_THROW(Twice(), ValueError);
  struct Dotted : nn::Module {
    nn::ReLU a = child("a.b", nn::ReLU());
  };
  EXPECT_THROW(Dotted(), ValueError);
}

TEST(Module, StateDictRoundTrips) {
  Classifier from, to;
  const nn::LoadReport report = to.load_state_dict(from.state_dict());
  EXPECT_TRUE(report.missing.empty() && report.unexpected.empty());
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(from.parameters()[i].to_vector<float>(), to.parameters()[i].to_vector<float>());
  }
  EXPECT_FALSE(from.state_dict().at("fc1.weight").requires_grad());
}

TEST(Module, LoadListsWhatDoesNotFit) {
  Classifier model;
  const std::vector<float> before = model.fc1.weight.to_vector<float>();
  StateDict state = model.state_dict();
  nn::init::constant_(state["fc1.weight"] = zeros({3, 4}), 7);
  state.erase("fc2.bias");
  state.add("fc3.bias", zeros({1}));
  const std::string names = message_of<ValueError>([&] { model.load_state_dict(state); });
  EXPECT_NE(names.find("missing: fc2.bias; unexpected: fc3.bias"), std::string::npos) << names;
  EXPECT_EQ(model.fc1.weight.to_vector<float>(), before);

  const nn::LoadReport report = model.load_state_dict(state, false);
  EXPECT_EQ(report.missing, std::vector<std::string>{"fc2.bias"});
  EXPECT_EQ(report.unexpected, std::vector<std::string>{"fc3.bias"});
  EXPECT_EQ(model.fc1.weight.to_vector<float>(), std::vector<float>(12, 7.0f));

  state["fc2.weight"] = zeros({2, 4});
  const std::string shapes = message_of<ShapeError>([&] { model.load_state_dict(state, false); });
  EXPECT_NE(shapes.find("'fc2.weight' is [2, 3] in the module, [2, 4] in the state"),
            std::string::npos)
      << shapes;
}

TEST(Module, LoadRefusesOtherDevices) {
  Classifier model;
  const std::vector<float> before = model.fc1.weight.to_vector<float>();
  Classifier other;
  StateDict state = other.state_dict();
  nn::init::constant_(state["fc1.weight"], 7);
  state["fc2.bias"] = zeros({2}, kFloat32, kMeta);
  const std::string message = message_of<DeviceError>([&] { model.load_state_dict(state); });
  EXPECT_NE(message.find("'fc2.bias' is on 'cpu' in the module, on 'meta' in the state"),
            std::string::npos)
      << message;
  EXPECT_EQ(model.fc1.weight.to_vector<float>(), before);
}

TEST(Module, TrainingFlagReachesAllCopies) {
  nn::Sequential model(nn::Linear(2, 2), nn::Dropout(0.5));
  const nn::Sequential copy = model;
  model.eval();
  EXPECT_FALSE(copy.is_training());
  EXPECT_FALSE(copy[1]->is_training());
  const Tensor x = ones({64, 2});
  EXPECT_EQ(copy(x).to_vector<float>(), model(x).to_vector<float>());
}

TEST(Module, ConvertsInPlace) {
  Scaled model;
  const Tensor handle = model.scale;
  model.to(kFloat64);
  EXPECT_EQ(handle.dtype(), kFloat64);
  EXPECT_EQ(model.scale.to_vector<double>(), (std::vector<double>{3, 3}));
  EXPECT_EQ(model.seen.dtype(), kInt64);
  EXPECT_TRUE(model.scale.requires_grad());
  model.to(kMeta);
  EXPECT_EQ(handle.device(), kMeta);
  EXPECT_THROW(model.to(kInt32), DTypeError);
}

TEST(Module, AppliesToTheWholeTree) {
  Classifier model;
  int linear = 0, all = 0;
  model.apply([&](nn::Module& module) {
    ++all;
    if (dynamic_cast<nn::Linear*>(&module)) ++linear;
  });
  EXPECT_EQ(linear, 2);
  EXPECT_EQ(all, 3);
}

TEST(Module, PrintsATree) {
  struct Network : nn::Module {
    nn::Conv2d conv = child("conv", nn::Conv2d(1, 32, 3, {.padding = 1}));
    nn::Sequential head = child("head", nn::Sequential(nn::BatchNorm2d(32), nn::ReLU(),
                                                       nn::Linear(32, 10, {.bias = false})));
  };
  std::ostringstream out;
  out << Network();
  const auto line = [](const std::string& text, const std::string& count) {
    return text + std::string(148 - text.size() - count.size(), ' ') + count + "\n";
  };
  EXPECT_EQ(
      out.str(),
      "Network\n" +
          line("  conv: Conv2d(1 -> 32, kernel 3, padding=1)  weight [32, 1, 3, 3], bias [32]",
               "320") +
          "  head: Sequential\n" +
          line("    0: BatchNorm2d(32)                        weight [32], bias [32]; buffers "
               "running_mean [32], running_var [32], num_batches_tracked [] int64",
               "64") +
          "    1: ReLU()\n" +
          line("    2: Linear(32 -> 10, bias=false)           weight [10, 32]", "320") +
          line("parameters", "704"));
}

TEST(Module, WithoutForwardSaysSo) {
  const nn::ModuleList list{nn::ReLU(), nn::Linear(2, 2)};
  EXPECT_EQ(list.size(), 2u);
  EXPECT_THROW(list[2], IndexError);
  EXPECT_NE(message_of<ValueError>([&] { list(ones({1})); }).find("has no forward"),
            std::string::npos);
}

TEST(Sequential, RunsInOrderAndNames) {
  nn::Sequential model({{"scale", Scaled()}, {"relu", nn::ReLU()}});
  EXPECT_EQ(names_of(model.named_parameters()), std::vector<std::string>{"scale.scale"});
  EXPECT_EQ(model(full({2}, -1.0)).to_vector<float>(), (std::vector<float>{0, 0}));
  nn::Sequential copy = model;
  copy.push_back(Scaled());
  EXPECT_EQ(model.size(), 3u);
  nn::Sequential twin = model.clone();
  nn::init::constant_(model[0].as<Scaled>()->scale, 0);
  EXPECT_EQ(twin(full({2}, 1.0)).to_vector<float>(), (std::vector<float>{9, 9}));
}

}  // namespace
}  // namespace tenon
