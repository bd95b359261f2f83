// Programs in files: what is saved runs elsewhere to the same numbers, at other sizes, and nothing
// that a file says can do harm.

#include "tenon/serve/program.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>
#include <thread>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/graph/ir/graph.h"
#include "tenon/models/digits_cnn.h"
#include "tenon/nn/nn.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/index/indexing.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

class ProgramFile : public testing::Test {
 protected:
  void SetUp() override {
    manual_seed(1);
    path_ = (std::filesystem::temp_directory_path() /
             ("tenon_" + std::to_string(::getpid()) + "_" +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".safetensors"))
                .string();
  }
  void TearDown() override { std::filesystem::remove(path_); }

  /// The message of what `call` throws.
  template <class Call>
  static std::string message_of(Call call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::string path_;
};

void expect_close(const Tensor& got, const Tensor& want) {
  ASSERT_EQ(got.sizes(), want.sizes());
  const std::vector<double> a = got.to_vector<double>(), b = want.to_vector<double>();
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-5 * (1 + std::abs(b[i])));
}

TEST_F(ProgramFile, RunsForAnyBatch) {
  nn::Sequential model(nn::Linear(12, 8), nn::ReLU(), nn::Linear(8, 3));
  save_program([&](const Tensor& x) { return softmax(model(x), 1) - mean(x); },
               {{"x", randn({4, 12}), {"batch", ""}}}, path_,
               {.weights = model.state_dict(), .outputs = {"probabilities"}});
  Program program = Program::load(path_);
  EXPECT_EQ(program.inputs()[0].sizes, (std::vector<std::string>{"batch", "12"}));
  EXPECT_EQ(program.outputs()[0].name, "probabilities");
  EXPECT_EQ(program.outputs()[0].sizes, (std::vector<std::string>{"batch", "3"}));
  const NoGrad no_grad;
  for (const int64_t batch : {4, 1, 7, 300, 0, 2, 4}) {
    const Tensor x = randn({batch, 12});
    expect_close(program.run({x})[0], softmax(model(x), 1) - mean(x));
  }
  const StateDict weights = load(path_);
  EXPECT_EQ(weights.at("0.weight").to_vector<float>(),
            model.state_dict().at("0.weight").to_vector<float>());
}

TEST_F(ProgramFile, ConvolutionalNetworkWithFixedSizes) {
  models::DigitsCNN model;
  model.eval();
  save_program([&](const Tensor& x) { return model(x); },
               {{"image", randn({2, 1, 28, 28}), {"batch", "", "", ""}}}, path_,
               {.weights = model.state_dict()});
  Program program = Program::load(path_);
  const NoGrad no_grad;
  for (const int64_t batch : {1, 3}) {
    const Tensor x = randn({batch, 1, 28, 28});
    expect_close(program.run({x})[0], model(x));
  }
}

/// One head of causal attention over [batch, time, 8].
Tensor attention(const Tensor& x, const Tensor& w) {
  const int64_t time = x.size(1);
  const Tensor q = matmul(x, w);
  const Tensor scores = matmul(q, x.transpose(1, 2)) * (1.0 / std::sqrt(8.0));
  const Tensor mask = triu(ones({time, time}), 1);
  return matmul(softmax(scores + mask * -1e9, 2), x).reshape({x.size(0) * time, 8});
}

TEST_F(ProgramFile, SizesThatFollowFromTwoNames) {
  const Tensor w = randn({8, 8});
  save_program([&](const Tensor& x) { return attention(x, w); },
               {{"x", randn({2, 5, 8}), {"batch", "time", ""}}}, path_);
  Program program = Program::load(path_);
  EXPECT_EQ(program.outputs()[0].sizes, (std::vector<std::string>{"batch*time", "8"}));
  for (const auto& [batch, time] : {std::pair(2, 5), {3, 9}, {1, 6}, {4, 2}, {2, 1}}) {
    const Tensor x = randn({batch, time, 8});
    expect_close(program.run({x})[0], attention(x, w));
  }
}

TEST_F(ProgramFile, SeveralInputsWithOneName) {
  save_program(
      [](const Tensor& x, const Tensor& y) {
        return std::tuple(x * y, cat({x, y}, 0), x.index({Slice(1, None)}));
      },
      {{"x", randn({4, 2}), {"n", ""}}, {"y", randn({4, 2}), {"n", ""}}}, path_);
  Program program = Program::load(path_);
  EXPECT_EQ(program.outputs()[1].sizes[0], "2*n");
  EXPECT_EQ(program.outputs()[2].sizes[0], "n - 1");
  const Tensor x = randn({6, 2}), wide = randn({6, 5});
  const Tensor y = wide.index({Slice(), Slice(1, 3)});  // a view
  const std::vector<Tensor> results = program.run({x, y});
  expect_close(results[0], x * y);
  expect_close(results[1], cat({x, y}, 0));
  expect_close(results[2], x.index({Slice(1, None)}));
  EXPECT_NE(message_of([&] {
              program.run({x, randn({5, 2})});
            }).find("'y' is float32[5, 2]"),
            std::string::npos);
}

TEST_F(ProgramFile, WithoutAnOp) {
  save_program([](const Tensor& x) { return x; }, {{"x", randn({4, 3}), {"n", ""}}}, path_);
  const Tensor x = randn({7, 3});
  EXPECT_EQ(Program::load(path_).run({x})[0].to_vector<float>(), x.to_vector<float>());
}

TEST_F(ProgramFile, KeepsStateBetweenRuns) {
  Tensor count = zeros({1});
  save_program([&](const Tensor& x) { return count.add_(sum(x)).clone(); }, {{"x", ones({3})}},
               path_);
  EXPECT_EQ(count.item<float>(), 0);  // saving left it alone
  Program program = Program::load(path_);
  EXPECT_EQ(program.run({ones({3})})[0].item<float>(), 3);
  EXPECT_EQ(program.run({ones({3})})[0].item<float>(), 6);
}

TEST_F(ProgramFile, SeveralThreadsRunOneAfterTheOther) {
  Tensor count = zeros({1});
  save_program([&](const Tensor& x) { return count.add_(sum(x)).clone(); }, {{"x", ones({3})}},
               path_);
  Program program = Program::load(path_);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) program.run({ones({3})});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(program.run({ones({3})})[0].item<float>(), 3 * 401);
}

/// A child runs it whatever the parent's other threads were doing.
TEST_F(ProgramFile, ChildrenThatWereForkedRunIt) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP()
      << "the thread sanitizer ends a forked child that starts threads; the address "
         "sanitizer's allocator (GCC 12) waits there for a lock that the other thread held";
#endif
  save_program([](const Tensor& x) { return matmul(tanh(x), exp(x)); },
               {{"x", ones({8, 8}), {"n", "n"}}}, path_);
  Program program = Program::load(path_);
  std::atomic<bool> ends{false};
  std::thread runner([&] {
    for (int64_t n = 1; !ends; n = 1 + n % 64) program.run({ones({n, n})});
  });
  for (int i = 0; i < 30; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(300 * i % 2000));
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);  // one that waits for nobody
      const float got = program.run({ones({5, 5})})[0][0][0].item<float>();
      _exit(std::abs(got - 5 * std::tanh(1.f) * std::exp(1.f)) < 1e-4f ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  ends = true;
  runner.join();
}

TEST_F(ProgramFile, NamesInputsThatAreWrong) {
  save_program([](const Tensor& x) { return exp(x); }, {{"x", randn({4, 3}), {"batch", ""}}},
               path_);
  Program program = Program::load(path_);
  EXPECT_EQ(message_of([&] {
              program.run({randn({4, 2})});
            }),
            "[Program] input 'x' is float32[4, 2]; expected float32[batch, 3]");
  EXPECT_NE(message_of([&] {
              program.run({zeros({4, 3}, kFloat64)});
            }).find("float64"),
            std::string::npos);
  EXPECT_NE(message_of([&] { program.run({randn({3})}); }).find("float32[3]"), std::string::npos);
  EXPECT_NE(message_of([&] { program.run({}); }).find("1 inputs"), std::string::npos);
  EXPECT_NE(message_of([&] { program.run({Tensor()}); }).find("undefined"), std::string::npos);
}

TEST_F(ProgramFile, SaysWhatCannotBeSaved) {
  const Tensor x = randn({4, 6});
  const auto error = [&](auto function, std::vector<ProgramInput> inputs) {
    return message_of([&] { save_program(function, inputs, path_); });
  };
  const std::vector<ProgramInput> batch = {{"x", x, {"batch", ""}}};
  EXPECT_NE(error([](const Tensor& t) { return dropout(t, 0.5); }, batch).find("random"),
            std::string::npos);
  EXPECT_NE(error([](const Tensor& t) { return t * sum(t).item<float>(); }, batch).find("read a"),
            std::string::npos);
  EXPECT_NE(error([](const Tensor& t) { return t.size(0) > 5 ? exp(t) : abs(t); }, batch)
                .find("abs or exp"),
            std::string::npos);
  EXPECT_NE(error([](const Tensor& t) { return t.index({Slice(0, None, 2)}) + 1; }, batch)
                .find("doesn't follow from batch"),
            std::string::npos);
  EXPECT_NE(error(
                [](const Tensor& t) {
                  return t + tensor({0.f, static_cast<float>(t.size(0))})[1];
                },
                batch)
                .find("its own numbers differs"),
            std::string::npos);
  EXPECT_NE(error([](const Tensor& t) { return exp(t); }, {{"x", x, {"batch"}}}).find("2 dims"),
            std::string::npos);
  EXPECT_NE(error([](const Tensor& t) { return exp(t); }, {{"x", x, {"a b", ""}}}).find("'a b'"),
            std::string::npos);
  EXPECT_NE(error([](const Tensor& t, const Tensor&) { return exp(t); }, {{"x", x}, {"y", x}})
                .find("doesn't use input 'y'"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

/// A file of version 1, as it was written when that version was made. It must load in all later
/// ones.
constexpr const char* kGolden = R"(dims n = 2
%0: float32[n, 3] = input "x"
%1: float32[2, 3] = weight "w"
%3: float32[n, 2] = matmul(%0, %1[3, 2; 1, 3; 0])
%7: float32[n] per row = relu+sum(%3) in float32 over [n, 2] rows [1] scalars (0) {
  %0 = load 0
  %1 = constant 0 0
  %2 = maximum %0, %1
  %3 = row_sum %2
  store 0, %3
}
return %7 as "y"
)";

TEST_F(ProgramFile, OfTheFirstVersionLoads) {
  save({{"w", tensor({{1.f, 2.f, 3.f}, {-1.f, 0.f, 1.f}})}}, path_,
       {{"tenon.program", kGolden},
        {"tenon.program.inputs", "x\n"},
        {"tenon.program.version", "1"}});
  Program program = Program::load(path_);
  EXPECT_EQ(program.to_text(), kGolden);
  const Tensor x = tensor({{1.f, 1.f, 1.f}, {-1.f, 0.f, 0.f}, {0.f, 0.f, 5.f}});
  EXPECT_EQ(program.run({x})[0].to_vector<float>(), (std::vector<float>{6, 1, 20}));
}

TEST_F(ProgramFile, RefusesFilesThatHoldNoRightProgram) {
  const auto error = [&](const std::string& text, const std::string& inputs,
                         const std::string& version, const Tensor& w) {
    save({{"w", w}}, path_,
         {{"tenon.program", text},
          {"tenon.program.inputs", inputs},
          {"tenon.program.version", version}});
    return message_of([&] { Program::load(path_); });
  };
  const Tensor w = zeros({2, 3});
  EXPECT_NE(error(kGolden, "x\n", "2", w).find("version '2'"), std::string::npos);
  EXPECT_NE(error(kGolden, "x\ny\n", "1", w).find("no input 'y'"), std::string::npos);
  EXPECT_NE(error(kGolden, "", "1", w).find("input 'x'"), std::string::npos);
  EXPECT_NE(error(kGolden, "x\n", "1", zeros({3, 2})).find("weight 'w', float32[2, 3]"),
            std::string::npos);
  EXPECT_NE(error("%0: float32[2] = external\n", "", "1", w).find("neither"), std::string::npos);
  EXPECT_NE(error("nonsense", "", "1", w).find("line 1"), std::string::npos);
  save({{"w", w}}, path_);
  EXPECT_NE(message_of([&] { Program::load(path_); }).find("holds no program"), std::string::npos);
}

/// Texts with a few bytes changed either are refused or run: the sanitizers see to the rest.
TEST_F(ProgramFile, AnyTextIsHarmless) {
  std::mt19937 random(7);
  const std::string alphabet = "0123456789[],;%-*nxw ()\n";
  int loaded = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = kGolden;
    for (int changes = 1 + i % 3; changes > 0; --changes) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        default:
          text.erase(at, 1 + random() % 4);
      }
    }
    try {
      graph::Graph::parse(text);
      save({{"w", zeros({2, 3})}}, path_,
           {{"tenon.program", text},
            {"tenon.program.inputs", "x\n"},
            {"tenon.program.version", "1"}});
      Program program = Program::load(path_);
      ++loaded;
      for (const int64_t n : {2, 5}) program.run({ones({n, 3})});
    } catch (const Error&) {
    }
  }
  EXPECT_GT(loaded, 10);
}

}  // namespace
}  // namespace tenon
